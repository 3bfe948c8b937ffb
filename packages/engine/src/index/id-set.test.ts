import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256Id } from '../crypto/hash.ts'
import { type Id, idFromBytes } from '../ids.ts'
import { IdSet } from './id-set.ts'

test('behaves like a Set, and numbers ids in the order they came', () => {
  // Few different bytes, all at the end: ids share their first word, so that probing is put to the test.
  const arbitraryId = fc.nat(40).map((end) => idFromBytes(Buffer.concat([Buffer.alloc(31, 7), Buffer.from([end])])))
  fc.assert(
    fc.property(fc.array(arbitraryId), fc.array(arbitraryId), (added, asked) => {
      const set = new IdSet()
      const model = new Set<Id>()
      for (const id of added) {
        expect(set.add(id)).toBe(!model.has(id))
        model.add(id)
      }
      expect(set.size).toBe(model.size)
      expect([...set]).toEqual([...model])
      for (const id of asked) expect(set.has(id)).toBe(model.has(id))
      for (const [number, id] of [...model].entries()) expect(set.numberOf(id)).toBe(number)
    }),
  )
})

test('keeps every id when it grows', () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => sha256Id(Buffer.from(String(index))))
  const set = new IdSet()
  expect(ids.map((id) => set.numberOf(id))).toEqual([...ids.keys()])
  expect(ids.map((id) => set.numberOf(id))).toEqual([...ids.keys()])
  expect(set.size).toBe(ids.length)
  expect(set.has(sha256Id(Buffer.from('another')))).toBe(false)
})
