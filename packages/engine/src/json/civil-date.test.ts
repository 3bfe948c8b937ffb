import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dateOfDays, daysInMonth, daysOfDate } from './civil-date.ts'

const MS_PER_DAY = 86_400_000

describe('calendar arithmetic', () => {
  test('agrees with Date on every day that Date knows', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const date = new Date(days * MS_PER_DAY)
        const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
        expect(dateOfDays(days)).toEqual(expected)
        expect(daysOfDate(expected.year, expected.month, expected.day)).toBe(days)
      }),
      { numRuns: 5000 },
    )
  })

  test('agrees with Date on each day of four centuries', () => {
    for (let days = -200_000; days < -200_000 + 146_097; days++) {
      const { year, month, day } = dateOfDays(days)
      const date = new Date(days * MS_PER_DAY)
      if (date.getUTCDate() !== day || date.getUTCMonth() + 1 !== month || date.getUTCFullYear() !== year) {
        expect.unreachable(`${days} became ${year}-${month}-${day}`)
      }
    }
    expect(dateOfDays(-1)).toEqual({ year: 1969, month: 12, day: 31 })
  })

  test('counts a day past the month into the next one', () => {
    expect(dateOfDays(daysOfDate(2023, 2, 29))).toEqual({ year: 2023, month: 3, day: 1 })
  })

  test('knows the length of months', () => {
    expect([1, 2, 4, 12, 0, 13].map((month) => daysInMonth(2023, month))).toEqual([31, 28, 30, 31, 0, 0])
    expect([1900, 2000, 2024].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 29])
  })
})
