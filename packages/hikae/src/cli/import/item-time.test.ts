import { describe, test } from 'vitest'
import { itemTime, type TimeRules } from './item-time.ts'
import { parseNamePattern } from './name-pattern.ts'
import { stableName } from './stable-name.ts'

const NOW = Date.parse('2026-11-21T00:00:00Z')
const RULES: TimeRules = { zone: 'UTC', nowMs: NOW }
const MODIFIED = 1_000_000_000_000_000_000n

function timeOf(name: string, rules: Partial<TimeRules> = {}): string {
  const { timeNs, from } = itemTime(name, MODIFIED, { ...RULES, ...rules })
  return `${new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 19)} ${from}`
}

describe('the time of a name', () => {
  test.for([
    ['mirai_full_20250102_030405.tar.gz', '2025-01-02T03:04:05'],
    ['20250102030405.sql', '2025-01-02T03:04:05'],
    ['20250102T030405Z', '2025-01-02T03:04:05'],
    ['shop-2025-01-02T03:04:05.sql', '2025-01-02T03:04:05'],
    ['shop_2025-01-02_03-04-05.sql', '2025-01-02T03:04:05'],
    ['shop_2025-01-02_0304.sql', '2025-01-02T03:04:00'],
    ['shop-202501020304.dump', '2025-01-02T03:04:00'],
    ['shop.2025.01.02.sql.gz', '2025-01-02T00:00:00'],
    ['20250102', '2025-01-02T00:00:00'],
    ['backup-1735787045.tar', '2025-01-02T03:04:05'],
    ['23.01.2025.tar', '2025-01-23T00:00:00'],
    ['01-23-2025.tar', '2025-01-23T00:00:00'],
    ['05-05-2025.tar', '2025-05-05T00:00:00'],
    ['20250102T030405+0900', '2025-01-01T18:04:05'],
    ['v20250102_20250102.tar', '2025-01-02T00:00:00'],
  ])('%s is %s', ([name, time], { expect }) => {
    expect(timeOf(name!)).toBe(`${time} name`)
  })

  test.for(['shop.sql', 'invoice-12345678901.sql', 'build-20251399.tar', '20250230.tar', '20990101.tar', '2025.sql'])(
    'is not in %s, so the file itself has to say it',
    (name, { expect }) => {
      expect(timeOf(name)).toBe('2001-09-09T01:46:40 modified')
    },
  )

  test.for([
    ['01-02-2025.tar', /2025-02-01 00:00:00 \(DD-MM-YYYY\) or 2025-01-02 00:00:00 \(MM-DD-YYYY\)/],
    ['from_20240101_to_20250101.sql', /2024-01-01 .* or 2025-01-01/],
  ] as const)('is refused when %s means several', ([name, message], { expect }) => {
    expect(() => timeOf(name)).toThrow(message)
  })

  test.for([
    ['Asia/Tokyo', '20250102_030405', '2025-01-01T18:04:05'],
    ['Europe/Berlin', '20250702_030405', '2025-07-02T01:04:05'],
    ['America/New_York', '20250309_023000', '2025-03-09T07:30:00'],
    ['America/New_York', '20251102_013000', '2025-11-02T05:30:00'],
    ['Asia/Tokyo', '20250102T030405Z', '2025-01-02T03:04:05'],
  ])('counts in the zone %s: %s is %s', ([zone, name, time], { expect }) => {
    expect(timeOf(name!, { zone: zone! })).toBe(`${time} name`)
  })

  test('is what is forced, whatever the name says', ({ expect }) => {
    expect(timeOf('01-02-2025.tar', { forced: 0n })).toBe('1970-01-01T00:00:00 option')
  })
})

describe('--time-from-name', () => {
  test.for([
    ['DD-MM-YYYY', 'x_01-02-2025.tar', '2025-02-01T00:00:00'],
    ['from_YYYYMMDD', 'from_20240101_to_20250101.sql', '2024-01-01T00:00:00'],
    ['*_YYYYMMDD', 'from_20240101_to_2025.sql', '2024-01-01T00:00:00'],
    ['app(DD.MM.YYYY)', 'app(03.02.2025).tgz', '2025-02-03T00:00:00'],
    ['YYYY?MM?DD', '2025a02b03', '2025-02-03T00:00:00'],
    ['db-DDMMYYYY-HHmmSS', 'db-03022025-101112.sql', '2025-02-03T10:11:12'],
  ])('%s finds the time of %s', ([pattern, name, time], { expect }) => {
    expect(timeOf(name!, { pattern: parseNamePattern(pattern!) })).toBe(`${time} pattern`)
  })

  test.for([
    ['DD-MM-YYYY', '31-02-2025.tar'],
    ['YYYYMMDD', '120250101.tar'],
    ['YYYYMMDD', '202501010.tar'],
    ['app.YYYYMMDD', 'appX20250101.tar'],
  ])('%s does not fit %s, which is refused', ([pattern, name], { expect }) => {
    expect(() => timeOf(name!, { pattern: parseNamePattern(pattern!) })).toThrow('does not fit')
  })

  test.for([
    ['YYYYMM', /lacks DD/],
    ['YYYYMMDD_mm', /lacks HH/],
    ['YYYYMMDD_YYYY', /has YYYY twice/],
    ['shop', /lacks YYYY/],
  ] as const)('%s makes no sense', ([pattern, message], { expect }) => {
    expect(() => parseNamePattern(pattern)).toThrow(message)
  })
})

test.for([
  ['shop_20250102.sql', 'shop.sql'],
  ['20250102_shop.sql', 'shop.sql'],
  ['mirai_full_20250102_030405', 'mirai_full'],
  ['shop_20250102_full.sql', 'shop_full.sql'],
  ['20250102.sql', '.sql'],
  ['20250102', ''],
])('%s is called %s on every day', ([name, stable], { expect }) => {
  expect(stableName(name!, itemTime(name!, 0n, RULES).inName)).toBe(stable)
})
