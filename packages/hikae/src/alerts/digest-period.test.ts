import fc from 'fast-check'
import { test } from 'vitest'
import { digestPeriod } from './digest-period.ts'

const at = (text: string): number => Date.parse(text)

test('a day begins at 8 in the time zone of the stack', ({ expect }) => {
  expect(digestPeriod('daily', at('2026-11-21T07:59+09:00'), 'Asia/Tokyo')).toBe('2026-11-20')
  expect(digestPeriod('daily', at('2026-11-21T08:00+09:00'), 'Asia/Tokyo')).toBe('2026-11-21')
  expect(digestPeriod('daily', at('2026-11-21T08:00+09:00'), 'UTC')).toBe('2026-11-20')
})

test('a week begins on Monday, a month on its first', ({ expect }) => {
  expect(digestPeriod('weekly', at('2026-11-22T23:00Z'), 'UTC')).toBe('2026-11-16')
  expect(digestPeriod('weekly', at('2026-11-23T07:00Z'), 'UTC')).toBe('2026-11-16')
  expect(digestPeriod('weekly', at('2026-11-23T08:00Z'), 'UTC')).toBe('2026-11-23')
  expect(digestPeriod('monthly', at('2026-12-01T07:00Z'), 'UTC')).toBe('2026-11-01')
  expect(digestPeriod('monthly', at('2026-12-01T08:00Z'), 'UTC')).toBe('2026-12-01')
})

test('a year has each of its days once, clock changes included', ({ expect }) => {
  const start = at('2026-01-01T12:00Z')
  const names = Array.from({ length: 365 * 8 }, (_, step) =>
    digestPeriod('daily', start + step * 3 * 3_600_000, 'America/New_York'),
  )
  const changes = names.filter((name, index) => name !== names[index - 1])
  expect(new Set(changes).size).toBe(changes.length)
  expect(changes.length).toBe(366)
  expect([...changes].sort()).toEqual(changes)
})

test('time that goes on never gives an earlier period', ({ expect }) => {
  const zone = fc.constantFrom('Asia/Tokyo', 'America/St_Johns', 'Australia/Lord_Howe', 'UTC')
  const interval = fc.constantFrom('daily', 'weekly', 'monthly')
  fc.assert(
    fc.property(zone, interval, fc.nat(2e12), fc.nat(1e10), (timeZone, each, now, later) => {
      const periods = [digestPeriod(each, now, timeZone), digestPeriod(each, now + later, timeZone)]
      expect(periods.toSorted()).toEqual(periods)
    }),
  )
})
