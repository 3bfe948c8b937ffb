import { describe, expect, test } from 'vitest'
import {
  formatBytes,
  formatBytesRoughly,
  formatCount,
  formatDuration,
  formatPercent,
  formatQuantity,
  formatTime,
} from './format.ts'
import { formatMode } from './node.ts'
import { tableLines } from './table.ts'
import { displayWidth, padEnd, truncateEnd, truncateStart } from './width.ts'

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.000 KiB'],
  [4_288_901, '4.090 MiB'],
  [1024 ** 3 - 1, '1.000 GiB'],
  [5 * 1024 ** 4, '5.000 TiB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test('sizes that change have one decimal', () => {
  expect(formatBytesRoughly(4_288_901)).toBe('4.1 MiB')
  expect(formatBytesRoughly(1024 ** 2 - 1)).toBe('1.0 MiB')
})

test.each([
  [0, '0:00'],
  [7.9, '0:07'],
  [185, '3:05'],
  [8049, '2:14:09'],
])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text))

test('counts have separators and nouns their number', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567')
  expect(formatQuantity(1, 'file')).toBe('1 file')
  expect(formatQuantity(2000, 'directory', 'directories')).toBe('2,000 directories')
  expect(formatPercent(0.4213)).toBe('42.1%')
})

test('times are local and never break on nonsense', () => {
  expect(formatTime(new Date(2026, 10, 21, 8, 30, 5).toISOString())).toBe('2026-11-21 08:30:05')
  expect(formatTime('yesterday')).toBe('(no valid time)')
})

test.each([
  [0o644, '-rw-r--r--'],
  [0x8000_0000 + 0o755, 'drwxr-xr-x'],
  [0x0800_0000 + 0o777, 'Lrwxrwxrwx'],
  [0x8000_0000 + 0x10_0000 + 0o777, 'dtrwxrwxrwx'],
  [0x80_0000 + 0o755, 'urwxr-xr-x'],
])('mode %d is %s', (mode, text) => expect(formatMode(mode)).toBe(text))

describe('width', () => {
  test('wide and combining characters are counted as terminals do', () => {
    expect(displayWidth('abc')).toBe(3)
    expect(displayWidth('控え')).toBe(4)
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('📁')).toBe(2)
  })

  test('padding and truncating keep to the columns', () => {
    expect(padEnd('控え', 6)).toBe('控え  ')
    expect(truncateEnd('abcdef', 4)).toBe('abc…')
    expect(truncateEnd('控え控え', 6)).toBe('控え…')
    expect(truncateStart('/very/long/name.txt', 9)).toBe('…name.txt')
    expect(truncateStart('short', 9)).toBe('short')
  })
})

test('a table is as wide as its cells, and a cell with lines makes its row high', () => {
  const columns = [
    { heading: 'ID', cell: (row: { id: string }) => row.id },
    { heading: 'Tags', cell: (row: { tags: string[] }) => row.tags },
    { heading: 'Size', align: 'right' as const, cell: (row: { size: string }) => row.size },
  ]
  const rows = [
    { id: '6ae53445', tags: ['控え', 'b'], size: '1 B' },
    { id: '687d0929', tags: [], size: '1023 B' },
  ]
  expect(tableLines(columns, rows)).toEqual([
    'ID        Tags    Size',
    '----------------------',
    '6ae53445  控え     1 B',
    '          b',
    '687d0929        1023 B',
    '----------------------',
  ])
})
