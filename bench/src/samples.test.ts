import { expect, test } from 'vitest'
import { median, ratioByRound } from './samples.ts'

const seconds = (sample: { seconds: number }): number => sample.seconds

test('the median of an even number of values lies between the middle two', () => {
  expect(median([9, 1, 3, 2])).toBe(2.5)
  expect(median([9, 1, 3])).toBe(3)
  expect(median([])).toBeUndefined()
})

test('a ratio compares runs of the same round only', () => {
  const slow = [2, 20, 6].map((value, round) => ({ round, seconds: value }))
  const fast = [1, 10].map((value, round) => ({ round, seconds: value }))
  expect(ratioByRound(slow, fast, seconds)).toBe(2)
  expect(ratioByRound(slow, [], seconds)).toBeUndefined()
})

test('several runs in one round count once', () => {
  const slow = [4, 4, 40].map((value) => ({ round: 1, seconds: value }))
  expect(ratioByRound(slow, [{ round: 1, seconds: 2 }], seconds)).toBe(2)
})
