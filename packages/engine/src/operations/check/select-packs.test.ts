import { describe, expect, test } from 'vitest'
import { sha256Id } from '../../crypto/hash.ts'
import { InvalidInputError } from '../../errors.ts'
import type { StoredPack } from './check-packs.ts'
import { selectPacks } from './select-packs.ts'

const packs: StoredPack[] = Array.from({ length: 300 }, (_, number) => ({
  id: sha256Id(Buffer.from(`pack ${number}`)),
  size: 1000,
}))
const middle = () => 0.5

describe('the packs to read', () => {
  test('are all', () => {
    expect(selectPacks(packs, 'all', middle)).toEqual(packs)
  })

  test('are parts that make up the whole, by the first byte of the id', () => {
    for (const of of [1, 3, 7, 256]) {
      const parts = Array.from({ length: of }, (_, at) => selectPacks(packs, { part: at + 1, of }, middle))
      expect(new Set(parts.flat())).toEqual(new Set(packs))
      expect(parts.flat()).toHaveLength(packs.length)
      for (const [at, part] of parts.entries()) {
        for (const { id } of part) expect(Number.parseInt(id.slice(0, 2), 16) % of).toBe(at)
      }
    }
  })

  test('are a random share, each pack once', () => {
    const chosen = selectPacks(packs, { percent: 10 }, Math.random)
    expect(new Set(chosen).size).toBe(30)
    expect(selectPacks(packs, { percent: 100 }, Math.random)).toHaveLength(packs.length)
    expect(selectPacks(packs, { percent: 0.001 }, middle)).toHaveLength(1)
    expect(selectPacks([], { percent: 50 }, middle)).toEqual([])
  })

  test('are chosen by the numbers handed in', () => {
    const from = (seed: number) => () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    const [one, same, other] = [1, 1, 2].map((seed) => selectPacks(packs, { percent: 10 }, from(seed)))
    expect(one).toEqual(same)
    expect(one).not.toEqual(other)
  })

  test('are at least as many bytes as asked for, where there are', () => {
    expect(selectPacks(packs, { bytes: 2500 }, Math.random)).toHaveLength(3)
    expect(selectPacks(packs, { bytes: 1 }, Math.random)).toHaveLength(1)
    expect(selectPacks(packs, { bytes: 1e9 }, Math.random)).toHaveLength(packs.length)
  })

  test.for([
    { part: 0, of: 2 },
    { part: 3, of: 2 },
    { part: 1, of: 257 },
    { part: 1.5, of: 2 },
    { percent: 0 },
    { percent: 101 },
    { percent: Number.NaN },
    { bytes: 0 },
    { bytes: Number.NaN },
  ])('are not chosen by nonsense: %o', (selection) => {
    expect(() => selectPacks(packs, selection, middle)).toThrow(InvalidInputError)
  })
})
