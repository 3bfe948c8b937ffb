import { expect, test } from 'vitest'
import { describePolicy, isEmptyPolicy, type KeepPolicy } from './policy.ts'

const NO_TIME = { years: 0, months: 0, days: 0, hours: 0 }

test.each<[KeepPolicy, string]>([
  [{}, ''],
  [{ last: 0, counts: { daily: 0 }, within: NO_TIME, withinPeriods: { daily: NO_TIME }, tags: [] }, ''],
  [{ last: 3, counts: { yearly: 'unlimited', daily: 7 } }, 'the last 3, 7 daily, all yearly'],
  [{ last: 'unlimited' }, 'all'],
  [{ within: { ...NO_TIME, years: 2, hours: 3 } }, 'all within 2y3h'],
  [{ withinPeriods: { weekly: { ...NO_TIME, months: 5, days: 7 } } }, 'weekly within 5m7d'],
  [{ tags: [['a', 'b'], ['c']] }, 'tags [a, b], tags [c]'],
])('%j is described as "%s"', (policy, text) => {
  expect(describePolicy(policy)).toBe(text)
  expect(isEmptyPolicy(policy)).toBe(text === '')
})
