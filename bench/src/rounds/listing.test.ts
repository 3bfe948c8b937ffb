import { expect, test } from 'vitest'
import { differenceBetween, pathsIn } from './listing.ts'

test('what is printed around the paths does not count, nor their order', () => {
  expect(pathsIn('snapshot 6f80c2e1 of [/data]:\n/data/b\n/data/a\n\n')).toEqual(['/data/a', '/data/b'])
})

test('the first path that only one of two listings has is named', () => {
  expect(differenceBetween(['/a', '/b'], ['/a', '/b'])).toBeUndefined()
  expect(differenceBetween(['/a', '/b'], ['/a', '/c'])).toBe('2 and 2 paths, first /b and /c')
  expect(differenceBetween(['/a'], ['/a', '/b'])).toBe('1 and 2 paths, first nothing and /b')
})
