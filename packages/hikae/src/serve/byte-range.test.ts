import fc from 'fast-check'
import { test } from 'vitest'
import { parseRange } from './byte-range.ts'

test.for([
  ['bytes=0-', 10, { start: 0, end: 9 }],
  ['bytes=3-5', 10, { start: 3, end: 5 }],
  ['bytes=3-500', 10, { start: 3, end: 9 }],
  ['bytes=9-', 10, { start: 9, end: 9 }],
  ['bytes=-4', 10, { start: 6, end: 9 }],
  ['bytes=-40', 10, { start: 0, end: 9 }],
  ['bytes= 1-2', 10, { start: 1, end: 2 }],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=99999999999999999999-', 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=5-', 0, 'unsatisfiable'],
  ['bytes=0-', 0, undefined],
  ['bytes=-5', 0, undefined],
  [undefined, 10, undefined],
  ['', 10, undefined],
  ['bytes=', 10, undefined],
  ['bytes=-', 10, undefined],
  ['bytes=5-3', 10, undefined],
  ['bytes=0-1,3-4', 10, undefined],
  ['bytes=-1-5', 10, undefined],
  ['bytes=0x1-5', 10, undefined],
  ['lines=0-1', 10, undefined],
] as const)('%s of %i bytes', ([header, size, expected], { expect }) => {
  expect(parseRange(header, size)).toEqual(expected)
})

test('whatever is asked for, what is sent lies inside the file', ({ expect }) => {
  const header = fc.oneof(
    fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()).map(([a, b]) => `bytes=${a}-${b}`),
    fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat(30).map((count) => `bytes=-${count}`),
    fc.string().map((text) => `bytes=${text}`),
  )
  fc.assert(
    fc.property(header, fc.nat(20), (text, size) => {
      const range = parseRange(text, size)
      if (range === undefined || range === 'unsatisfiable') return
      expect(range.start).toBeGreaterThanOrEqual(0)
      expect(range.end).toBeGreaterThanOrEqual(range.start)
      expect(range.end).toBeLessThan(size)
    }),
  )
})
