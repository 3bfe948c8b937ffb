import { test } from 'vitest'
import { inBatches } from './batches.ts'

test.for([
  [[1, 2, 3], [[1, 2, 3]]],
  [
    [4, 4, 4],
    [[4, 4], [4]],
  ],
  [
    [20, 1, 30, 2],
    [[20], [1], [30], [2]],
  ],
  [[], []],
] as const)('images of %j gigabytes are exported as %j', ([sizes, expected], { expect }) => {
  const batches = inBatches(
    sizes.map((sizeBytes) => ({ sizeBytes })),
    10,
  )
  expect(batches.map((batch) => batch.map(({ sizeBytes }) => sizeBytes))).toEqual(expected)
})
