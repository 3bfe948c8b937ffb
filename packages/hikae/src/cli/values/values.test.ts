import { describe, expect, test } from 'vitest'
import { UsageError } from '../../errors.ts'
import { parseCalendarDuration } from '../../calendar-duration.ts'
import { someOf } from './choice.ts'
import { parseDataSubset } from './data-subset.ts'
import { parseDuration } from './duration.ts'
import { parseMaxUnused } from './max-unused.ts'
import { parseKeepCount } from './keep-count.ts'
import { wholeNumber } from './number.ts'
import { parseSize } from '../../size.ts'
import { parseTagFilter, parseTags } from './tags.ts'
import { parsePointInTime } from './time.ts'

describe('sizes', () => {
  test.each([
    ['0', 0],
    ['512', 512],
    ['10k', 10 * 1024],
    ['1.5M', 1.5 * 1024 * 1024],
    ['2GiB', 2 * 1024 ** 3],
    ['1T', 1024 ** 4],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  test.each(['', 'M', '-1', '1X', '1 000', '1e3', '99999999T'])('%j is refused', (text) => {
    expect(() => parseSize(text)).toThrow(UsageError)
  })
})

describe('durations', () => {
  test.each([
    ['0', 0],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['2d', 172_800_000],
  ])('%s is %d ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

  test.each(['', '5', '5x', '1h 30m', 'h', '-5m'])('%j is refused', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError)
  })
})

describe('points in time', () => {
  test('without a zone, it is local time', () => {
    const local = new Date(2026, 10, 21, 8, 30, 0).getTime()
    expect(parsePointInTime('2026-11-21 08:30:00')).toBe(BigInt(local) * 1_000_000n)
    expect(parsePointInTime('2026-11-21 08:30')).toBe(BigInt(local) * 1_000_000n)
    expect(parsePointInTime('2026-11-21')).toBe(BigInt(new Date(2026, 10, 21).getTime()) * 1_000_000n)
  })

  test('a zone and fractions of a second count', () => {
    const utc = BigInt(Date.UTC(2026, 10, 21, 8, 30, 0)) * 1_000_000n
    expect(parsePointInTime('2026-11-21T08:30:00Z')).toBe(utc)
    expect(parsePointInTime('2026-11-21T17:30:00+09:00')).toBe(utc)
    expect(parsePointInTime('2026-11-21T08:30:00.123456789Z')).toBe(utc + 123_456_789n)
  })

  test.each(['', 'now', '2026-13-01', '2026-02-30', '2026-11-21 25:00', '2026-11-21 08:60', '21.11.2026'])(
    '%j is refused',
    (text) => expect(() => parsePointInTime(text)).toThrow(UsageError),
  )
})

describe('parts of the data', () => {
  test.each([
    ['2/7', { part: 2, of: 7 }],
    ['2.5%', { percent: 2.5 }],
    ['100%', { percent: 100 }],
    ['10G', { bytes: 10 * 1024 ** 3 }],
  ])('%s is understood', (text, subset) => expect(parseDataSubset(text)).toEqual(subset))

  test.each(['0/7', '8/7', '0%', '101%', '0', 'all', '1/'])('%j is refused', (text) => {
    expect(() => parseDataSubset(text)).toThrow(UsageError)
  })
})

test('tags are separated by commas; an empty filter means snapshots without tags', () => {
  expect(parseTags('a, b,,c')).toEqual(['a', 'b', 'c'])
  expect(parseTagFilter('')).toEqual([''])
})

test('several words are taken from the choices only', () => {
  const parse = someOf(['host', 'paths'])
  expect(parse('host, paths')).toEqual(['host', 'paths'])
  expect(parse('')).toEqual([])
  expect(() => parse('host,path')).toThrow("'path' is not one of host, paths")
})

test('numbers outside their range are refused', () => {
  expect(wholeNumber(4, 128)('16')).toBe(16)
  for (const text of ['3', '129', '1.5', '', '-4', 'x']) expect(() => wholeNumber(4, 128)(text)).toThrow(UsageError)
})

describe('what may stay unused', () => {
  test.each([
    ['5%', { percent: 5 }],
    ['0%', { percent: 0 }],
    ['99.5%', { percent: 99.5 }],
    ['0', { bytes: 0 }],
    ['2G', { bytes: 2 * 1024 ** 3 }],
    ['unlimited', 'unlimited'],
  ])('%s is understood', (text, amount) => expect(parseMaxUnused(text)).toEqual(amount))

  test.each(['', '100%', '-1%', '%', 'all', '5 %%'])('%j is refused', (text) => {
    expect(() => parseMaxUnused(text)).toThrow(UsageError)
  })
})

describe('times of the calendar', () => {
  const none = { years: 0, months: 0, days: 0, hours: 0 }

  test.each([
    ['2y5m7d3h', { years: 2, months: 5, days: 7, hours: 3 }],
    ['90d', { ...none, days: 90 }],
    [' 3h1y ', { ...none, years: 1, hours: 3 }],
    ['0h', none],
  ])('%s is %o', (text, duration) => expect(parseCalendarDuration(text)).toEqual(duration))

  test.each(['', '5', 'd', '3w', '1d1d', '-2d', '1.5d', '1d 2h', '1234567d'])('%j is refused', (text) => {
    expect(() => parseCalendarDuration(text)).toThrow(UsageError)
  })
})

test('a number of snapshots to keep may be unlimited', () => {
  expect(['0', '7', 'unlimited', '-1'].map(parseKeepCount)).toEqual([0, 7, 'unlimited', 'unlimited'])
  for (const text of ['', '-2', '1.5', 'all', '1e3', '1234567']) expect(() => parseKeepCount(text)).toThrow(UsageError)
})
