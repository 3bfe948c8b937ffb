import { describe, expect, test } from 'vitest'
import { sha256Id } from '../../crypto/hash.ts'
import { InvalidInputError } from '../../errors.ts'
import type { PackId } from '../../ids.ts'
import type { StoredPack } from './check-packs.ts'
import { proofOf, type SelectionContext, selectPacks } from './select-packs.ts'

const packs: StoredPack[] = Array.from({ length: 300 }, (_, number) => ({
  id: sha256Id(Buffer.from(`pack ${number}`)),
  size: 1000,
}))
const DAY_MS = 24 * 60 * 60 * 1000

function by(random: () => number): SelectionContext {
  return { random, nowMs: 0, readTimes: new Map() }
}

const middle = by(() => 0.5)

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
    const chosen = selectPacks(packs, { percent: 10 }, by(Math.random))
    expect(new Set(chosen).size).toBe(30)
    expect(selectPacks(packs, { percent: 100 }, by(Math.random))).toHaveLength(packs.length)
    expect(selectPacks(packs, { percent: 0.001 }, middle)).toHaveLength(1)
    expect(selectPacks([], { percent: 50 }, middle)).toEqual([])
  })

  test('are chosen by the numbers handed in', () => {
    const from = (seed: number) => () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647
    const [one, same, other] = [1, 1, 2].map((seed) => selectPacks(packs, { percent: 10 }, by(from(seed))))
    expect(one).toEqual(same)
    expect(one).not.toEqual(other)
  })

  test('are at least as many bytes as asked for, where there are', () => {
    expect(selectPacks(packs, { bytes: 2500 }, by(Math.random))).toHaveLength(3)
    expect(selectPacks(packs, { bytes: 1 }, by(Math.random))).toHaveLength(1)
    expect(selectPacks(packs, { bytes: 1e9 }, by(Math.random))).toHaveLength(packs.length)
  })

  test('are the next ones of a round, which meets every pack', () => {
    const reads = new Map<string, number>()
    let after: PackId | undefined
    for (let check = 0; check < 20; check++) {
      const chosen = selectPacks(packs, { round: { percent: 5 }, after }, middle)
      expect(chosen).toHaveLength(15)
      for (const { id } of chosen) reads.set(id, (reads.get(id) ?? 0) + 1)
      after = chosen.at(-1)!.id
    }
    expect(new Set(reads.values())).toEqual(new Set([1]))
    expect(reads.size).toBe(packs.length)
    expect(selectPacks(packs, { round: { bytes: 2500 }, after }, middle)).toHaveLength(3)
    expect(selectPacks([], { round: { percent: 5 }, after }, middle)).toEqual([])
    expect(() => selectPacks(packs, { round: { percent: 0 } }, middle)).toThrow(InvalidInputError)
    expect(() => selectPacks(packs, { round: { bytes: 0 } }, middle)).toThrow(InvalidInputError)
  })

  test('of a round are met in time also when more is added than is read', () => {
    const stored = packs.map((pack) => ({ ...pack, since: 0, read: 0 }))
    const byId = new Map(stored.map((pack) => [pack.id, pack]))
    let after: PackId | undefined
    let longest = 0
    for (let check = 1; check <= 60; check++) {
      for (const { id } of selectPacks(stored, { round: { percent: 5 }, after }, middle)) {
        const pack = byId.get(id)!
        longest = Math.max(longest, check - Math.max(pack.since, pack.read))
        pack.read = check
        after = id
      }
      // A tenth more from one check to the next, twice of what is read.
      const added = Math.min(200, Math.floor(stored.length / 10))
      for (let number = 0; number < added; number++) {
        const id = sha256Id(Buffer.from(`check ${check}, pack ${number}`))
        const pack = { id, size: 1000, since: check, read: 0 }
        stored.push(pack)
        byId.set(id, pack)
      }
    }
    // Twenty, and what chance adds: ids do not lie equally far apart.
    expect(longest).toBeGreaterThan(15)
    expect(longest).toBeLessThanOrEqual(24)
    const late = stored.filter(({ since, read }) => read === 0 && since < 60 - 24)
    expect(late).toEqual([])
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
    { withinMs: 0 },
    { withinMs: Number.NaN },
  ])('are not chosen by nonsense: %o', (selection) => {
    expect(() => selectPacks(packs, selection, middle)).toThrow(InvalidInputError)
  })
})

describe('the packs to read within some days', () => {
  const within = { withinMs: 30 * DAY_MS }

  function contextAt(nowMs: number, readTimes: Map<string, number>): SelectionContext {
    return { random: () => 0.5, nowMs, readTimes }
  }

  /** Checks on these days; @returns how many packs each of them read, and the longest time between two reads of a pack */
  function simulate(days: readonly number[], packsOn: (day: number) => readonly StoredPack[] = () => packs) {
    const times = new Map<string, number>()
    const counts: number[] = []
    let longestMs = 0
    for (const day of days) {
      const nowMs = (day + 1000) * DAY_MS
      const chosen = selectPacks(packsOn(day), within, contextAt(nowMs, times))
      for (const { id } of chosen) {
        longestMs = Math.max(longestMs, nowMs - (times.get(id) ?? nowMs))
        times.set(id, nowMs)
      }
      counts.push(chosen.length)
    }
    return { times, counts, longestDays: longestMs / DAY_MS }
  }

  const everyDay = Array.from({ length: 120 }, (_, day) => day)

  test('are the same number every day, and all of them in time', () => {
    const { counts, longestDays, times } = simulate(everyDay)
    expect(new Set(counts)).toEqual(new Set([10]))
    expect(longestDays).toBe(30)
    expect(times.size).toBe(300)
  })

  test('are more when checks are rarer, and still all in time', () => {
    const { counts, longestDays } = simulate(everyDay.filter((day) => day % 7 === 0))
    expect(counts[0]).toBe(10)
    expect(Math.max(...counts.slice(1))).toBeLessThanOrEqual(90)
    expect(longestDays).toBeLessThanOrEqual(30)
  })

  test('are those that would be overdue otherwise, after checks stopped for a while', () => {
    const days = [...everyDay.slice(0, 40), 60, 61]
    const { counts } = simulate(days)
    expect(counts.at(-2)).toBeGreaterThanOrEqual(200)
    expect(simulate([0, 100]).counts).toEqual([10, 300])
  })

  test('are the new ones first', () => {
    const added = Array.from({ length: 5 }, (_, number) => ({ id: sha256Id(Buffer.from(`new ${number}`)), size: 1000 }))
    const { times } = simulate(everyDay.slice(0, 51), (day) => (day < 50 ? packs : [...packs, ...added]))
    for (const { id } of added) expect(times.get(id)).toBe(1050 * DAY_MS)
  })

  test('are at least one, however often checks run, and large packs count as much as they are', () => {
    const nowMs = 1000 * DAY_MS
    const times = new Map(packs.map(({ id }) => [id as string, nowMs]))
    expect(selectPacks(packs, within, contextAt(nowMs, times))).toHaveLength(1)
    const large = [{ id: 'f'.repeat(64) as StoredPack['id'], size: 300_000 }, ...packs]
    times.set('f'.repeat(64), nowMs - DAY_MS)
    expect(selectPacks(large, within, contextAt(nowMs + DAY_MS, times))).toEqual([large[0]])
    expect(selectPacks([], within, contextAt(nowMs, times))).toEqual([])
  })

  test('are not spared by times that lie in the future: a clock was wrong', () => {
    const nowMs = 1000 * DAY_MS
    const times = new Map(packs.map(({ id }, at) => [id as string, at < 3 ? nowMs + DAY_MS : nowMs - DAY_MS]))
    const chosen = selectPacks(packs, within, contextAt(nowMs, times))
    expect(chosen.slice(0, 3).toSorted(byId)).toEqual(packs.slice(0, 3).toSorted(byId))
    expect(proofOf(packs, within.withinMs, contextAt(nowMs, times)).neverReadPacks).toBe(3)
  })

  test('show how much of the whole is proven', () => {
    const nowMs = 1000 * DAY_MS
    const ages = [1, 29, 31, undefined]
    const four = packs.slice(0, 4)
    const times = new Map<string, number>()
    for (const [at, age] of ages.entries()) if (age !== undefined) times.set(four[at]!.id, nowMs - age * DAY_MS)
    expect(proofOf(four, within.withinMs, contextAt(nowMs, times))).toEqual({
      packs: 4,
      bytes: 4000,
      provenPacks: 2,
      provenBytes: 2000,
      neverReadPacks: 1,
      oldestReadAtMs: nowMs - 31 * DAY_MS,
    })
    expect(proofOf(four, within.withinMs, contextAt(nowMs, new Map()))).not.toHaveProperty('oldestReadAtMs')
  })
})

function byId(a: StoredPack, b: StoredPack): number {
  return a.id < b.id ? -1 : 1
}
