import { test } from 'vitest'
import { sparkline } from './sparkline.ts'

test.for<[numbers: number[], line: string]>([
  [[], ''],
  [[0, 0], '▁▁'],
  [[5, 5], '██'],
  [[0, 1, 2, 3, 4, 5, 6, 7], '▁▂▃▄▅▆▇█'],
  [[1000, 990], '██'],
  [[1000, 0], '█▁'],
])('%j is %s', ([numbers, line], { expect }) => {
  expect(sparkline(numbers)).toBe(line)
})
