import { expect, test } from 'vitest'
import { linesOf, meaningfulLinesOf } from './text-file.ts'

function lines(content: Uint8Array): string[] {
  return linesOf({ name: 'list', content }).map(({ text }) => text)
}

test('lines end in a newline, with or without a carriage return, and the last may end in nothing', () => {
  expect(lines(Buffer.from('a\r\nb\n\nc'))).toEqual(['a', 'b', '', 'c'])
  expect(lines(Buffer.from('a\n'))).toEqual(['a'])
  expect(lines(Buffer.alloc(0))).toEqual([])
})

test('bytes stay what they are', () => {
  expect(lines(Buffer.from([0x61, 0xff, 0xc3, 0xbc, 0x0a]))).toEqual(['a\xff\xc3\xbc'])
})

test('files that begin with a byte order mark are UTF-8 in the end', () => {
  expect(lines(Buffer.from('\ufeffü\n'))).toEqual(['\xc3\xbc'])
  expect(lines(Buffer.from('\ufeffü\nb', 'utf16le'))).toEqual(['\xc3\xbc', 'b'])
  expect(lines(Buffer.from('\ufeffü', 'utf16le').swap16())).toEqual(['\xc3\xbc'])
})

test('spaces of any alphabet are trimmed, other bytes are not', () => {
  const content = Buffer.from('\u3000 a b\u2003\n\u00a0#no\n\u200bx\n   \n')
  expect(meaningfulLinesOf({ name: 'list', content })).toEqual([
    { text: 'a b', origin: 'list:1' },
    { text: '\xe2\x80\x8bx', origin: 'list:3' },
  ])
})
