import * as fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DamagedError } from '../errors.ts'
import { isTime, parseTime, ZERO_TIME } from './go-time.ts'

const SECOND = 1_000_000_000n

afterEach(() => {
  vi.unstubAllEnvs()
})

/** The zone of a process is read once, so each zone gets a fresh copy of the module. */
async function formatterIn(zone: string) {
  vi.stubEnv('TZ', zone)
  vi.resetModules()
  const { formatTime } = await import('./go-time.ts')
  return formatTime
}

function nanoseconds(iso: string): bigint {
  return BigInt(new Date(iso).getTime()) * 1_000_000n
}

describe('a formatted time', () => {
  test.each([
    [1234567890123456789n, '2009-02-13T23:31:30.123456789Z'],
    [-1500000000n, '1969-12-31T23:59:58.5Z'],
    [1600000000120000000n, '2020-09-13T12:26:40.12Z'],
    [0n, '1970-01-01T00:00:00Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [2n ** 63n - 1n, '2262-04-11T23:47:16.854775807Z'],
    [2n ** 63n, '2262-04-11T23:47:16.854775808Z'],
    [-(2n ** 63n), '1677-09-21T00:12:43.145224192Z'],
    [253402300799999999999n, '9999-12-31T23:59:59.999999999Z'],
    [nanoseconds('0099-03-04T05:06:07Z'), '0099-03-04T05:06:07Z'],
  ])('%s ns is %s in UTC', async (ns, text) => {
    const formatTime = await formatterIn('UTC')
    expect(formatTime(ns)).toBe(text)
  })

  test.each([
    ['Europe/Berlin', '2024-01-15T12:00:00Z', '2024-01-15T13:00:00+01:00'],
    ['Europe/Berlin', '2024-07-15T12:00:00Z', '2024-07-15T14:00:00+02:00'],
    ['Europe/Berlin', '2024-03-31T00:59:59Z', '2024-03-31T01:59:59+01:00'],
    ['Europe/Berlin', '2024-03-31T01:00:00Z', '2024-03-31T03:00:00+02:00'],
    ['Europe/Berlin', '2024-10-27T01:00:00Z', '2024-10-27T02:00:00+01:00'],
    ['Europe/London', '2024-01-15T12:00:00Z', '2024-01-15T12:00:00Z'],
    ['Europe/London', '2024-07-15T12:00:00Z', '2024-07-15T13:00:00+01:00'],
    ['Asia/Tokyo', '2023-12-31T15:00:00Z', '2024-01-01T00:00:00+09:00'],
    ['Asia/Kathmandu', '2024-01-01T00:00:00Z', '2024-01-01T05:45:00+05:45'],
    ['America/St_Johns', '2024-01-01T00:00:00Z', '2023-12-31T20:30:00-03:30'],
    ['Australia/Lord_Howe', '2024-04-06T14:59:59Z', '2024-04-07T01:59:59+11:00'],
    ['Australia/Lord_Howe', '2024-04-06T15:00:00Z', '2024-04-07T01:30:00+10:30'],
    // Offsets with seconds: the clock shows them, the written offset drops them.
    ['Asia/Tokyo', '1880-01-01T00:00:00Z', '1880-01-01T09:18:59+09:18'],
    ['Africa/Monrovia', '1950-01-01T00:00:00Z', '1949-12-31T23:15:30-00:44'],
    ['Africa/Monrovia', '1972-01-07T00:44:29Z', '1972-01-06T23:59:59-00:44'],
    ['Africa/Monrovia', '1972-01-07T00:44:30Z', '1972-01-07T00:44:30Z'],
  ])('in %s, %s is %s', async (zone, instant, text) => {
    const formatTime = await formatterIn(zone)
    expect(formatTime(nanoseconds(instant))).toBe(text)
    expect(formatTime(nanoseconds(instant) + 500_000_000n)).toBe(text.replace(/(?=Z|[+-]\d\d:\d\d$)/, '.5'))
  })

  test.each([
    ['UTC', 300_000_000_000n, '9999-08-15T05:20:00Z'],
    ['UTC', -99_999_999_999n, '0000-02-15T14:13:21Z'],
    ['UTC', 316_521_302_400n, '9999-03-01T00:00:00Z'], // 12000-02-29, a day that 9999 lacks
    ['UTC', 10n ** 18n, '9999-10-23T01:46:40Z'],
    ['UTC', -(10n ** 18n), '0000-03-10T22:13:20Z'],
    ['Asia/Tokyo', 253_402_300_799n, '9999-01-01T08:59:59+09:00'],
  ])('in %s, %s s has only its year clamped: %s', async (zone, seconds, text) => {
    const formatTime = await formatterIn(zone)
    expect(formatTime(seconds * SECOND)).toBe(text)
  })

  test.each(['UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/New_York'])(
    'in %s is read back to the nanosecond, in any order of times',
    async (zone) => {
      const formatTime = await formatterIn(zone)
      const times = fc.oneof(
        fc.bigInt({ min: -2_000_000_000n * SECOND, max: 18_000_000_000n * SECOND }),
        fc.integer({ min: 0, max: 5_000_000 }).map((seconds) => (1_700_000_000n + BigInt(seconds)) * SECOND),
      )
      fc.assert(
        fc.property(fc.array(times, { minLength: 1, maxLength: 20 }), (list) => {
          for (const ns of list) {
            // Before standard time the written offset lacks its seconds, so the text no longer tells the instant.
            if (ns > -1_000_000_000n * SECOND) expect(parseTime(formatTime(ns))).toBe(ns)
            expect(formatTime(ns)).toBe(formatTime(ns))
          }
        }),
        { numRuns: 300 },
      )
    },
  )
})

describe('a stored time', () => {
  test.each([
    ['2009-02-13T23:31:30.123456789Z', 1234567890123456789n],
    ['2009-02-14T00:31:30,123456789999+01:00', 1234567890123456789n],
    ['2009-02-13T23:31:30.1-00:30', (1234567890n + 1800n) * SECOND + 100_000_000n],
    ['1969-12-31T23:59:58.5Z', -1_500_000_000n],
    ['2024-02-29T12:34:56+00:00', 1709210096n * SECOND],
    [ZERO_TIME, -62135596800n * SECOND],
    ['0000-01-01T00:00:00Z', -62167219200n * SECOND],
  ])('%s is read to the nanosecond', (text, ns) => {
    expect(isTime(text)).toBe(true)
    expect(parseTime(text)).toBe(ns)
  })

  test.each([
    '2009-02-13t23:31:30Z',
    '2009-02-13T23:31:30z',
    '2009-02-13T23:31:30',
    '2009-02-13T23:31:30.Z',
    '2009-02-13 23:31:30Z',
    '2009-13-13T23:31:30Z',
    '2009-02-00T23:31:30Z',
    '2023-02-29T23:31:30Z',
    '2009-02-13T24:31:30Z',
    '2009-02-13T23:60:30Z',
    '2009-02-13T23:31:60Z',
    '2009-02-13T23:31:30+25:00',
    '2009-02-13T23:31:30+01:61',
    '12009-02-13T23:31:30Z',
    '',
  ])('%j is refused', (text) => {
    expect(isTime(text)).toBe(false)
    expect(() => parseTime(text)).toThrow(DamagedError)
  })
})
