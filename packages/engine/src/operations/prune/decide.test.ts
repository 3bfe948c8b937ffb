import { describe, expect, test } from 'vitest'
import type { PackId } from '../../ids.ts'
import { decide, type PruneDecision, sizeOf } from './decide.ts'
import { type PruneOptions, rulesOf, unusedLimit } from './options.ts'
import type { PackFacts } from './pack-facts.ts'

const MIB = 1024 * 1024
let lastNumber = 0

/** A data pack of 16 MiB, all of it used, unless said otherwise. */
function pack(facts: Partial<PackFacts> = {}): PackFacts {
  const number = lastNumber++
  return {
    id: number.toString(16).padStart(64, '0') as PackId,
    number,
    type: 'data',
    usedBlobs: 16,
    unusedBlobs: facts.unusedBytes ? 1 : 0,
    usedBytes: 16 * MIB,
    unusedBytes: 0,
    duplicates: 0,
    hasUncompressed: false,
    ...facts,
  }
}

const partlyUsed = (unused: number, facts: Partial<PackFacts> = {}): PackFacts =>
  pack({ usedBytes: (16 - unused) * MIB, unusedBytes: unused * MIB, ...facts })
const small = (bytes = 100_000): PackFacts => pack({ usedBytes: bytes })

function plan(present: readonly PackFacts[], options: PruneOptions = {}, version: 1 | 2 = 2): PruneDecision {
  const bytes = (value: (facts: PackFacts) => number): number => present.reduce((sum, each) => sum + value(each), 0)
  const totals = {
    used: { blobs: bytes(({ usedBlobs }) => usedBlobs), bytes: bytes(({ usedBytes }) => usedBytes) },
    duplicate: { blobs: 0, bytes: 0 },
    unused: { blobs: bytes(({ unusedBlobs }) => unusedBlobs), bytes: bytes(({ unusedBytes }) => unusedBytes) },
  }
  return decide({ present, missing: [], unindexed: [], totals }, rulesOf(options, version))
}

const repacked = (decision: PruneDecision): string[] => decision.repack.map(({ id }) => id)
const idsOf = (packs: readonly PackFacts[]): string[] => packs.map(({ id }) => id)

test('a pack that is used as a whole stays', () => {
  const { repack, unused, statistics } = plan([pack(), pack()])
  expect({ repack, unused }).toEqual({ repack: [], unused: [] })
  expect(statistics.packs).toMatchObject({ used: 2, kept: 2 })
})

test('a pack of which nothing is used goes, however much may stay unused', () => {
  const gone = pack({ usedBlobs: 0, unusedBlobs: 3, usedBytes: 200, unusedBytes: 16 * MIB })
  const { repack, unused, statistics } = plan([pack(), gone], { maxUnused: 'unlimited' })
  expect(repack).toEqual([])
  expect(idsOf(unused)).toEqual([gone.id])
  expect(statistics.bytes.removed).toBe(16 * MIB)
})

test('of partly used packs those with the largest unused share are repacked, until few enough bytes are unused', () => {
  const packs = [partlyUsed(1), partlyUsed(8), partlyUsed(4), partlyUsed(2), pack(), pack(), pack(), pack()]
  // 113 MiB are used: 5.9 MiB may stay unused.
  expect(repacked(plan(packs))).toEqual(idsOf([packs[1]!, packs[2]!]))
  expect(repacked(plan(packs, { maxUnused: { percent: 0 } }))).toEqual(
    idsOf([packs[1]!, packs[2]!, packs[3]!, packs[0]!]),
  )
  expect(repacked(plan(packs, { maxUnused: { bytes: 8 * MIB } }))).toEqual(idsOf([packs[1]!]))
  expect(repacked(plan(packs, { maxUnused: 'unlimited' }))).toEqual([])
})

test('a percentage is a share of what the repository has in the end', () => {
  expect(unusedLimit({ percent: 5 }, 95)).toBeCloseTo(5)
  expect(unusedLimit({ percent: 50 }, 100)).toBe(100)
})

test('a mixed pack is repacked, and so are uncompressed directories in version 2', () => {
  const mixed = pack({ type: 'mixed' })
  const trees = pack({ type: 'tree', hasUncompressed: true })
  const data = pack({ hasUncompressed: true })
  expect(repacked(plan([data, trees, mixed], { maxUnused: 'unlimited' })).sort()).toEqual(idsOf([mixed, trees]).sort())
  expect(repacked(plan([data, trees], {}, 1))).toEqual([])
})

test('uncompressed data is repacked when that is asked for', () => {
  const data = pack({ hasUncompressed: true })
  const decision = plan([data, pack()], { repackUncompressed: true, maxUnused: 'unlimited' })
  expect(decision.repack).toMatchObject([{ id: data.id, reasons: ['uncompressed'] }])
  expect(plan([data]).statistics.bytes.uncompressed).toBe(16 * MIB)
  expect(decision.statistics.bytes.uncompressed).toBe(0)
})

test('partly used packs of directories are repacked whatever may stay unused', () => {
  const trees = partlyUsed(1, { type: 'tree' })
  expect(repacked(plan([trees, partlyUsed(1)], { maxUnused: 'unlimited' }))).toEqual([trees.id])
})

test('partly used packs that are small are repacked whatever may stay unused', () => {
  const tiny = pack({ usedBytes: 1000, unusedBytes: 1000, unusedBlobs: 1 })
  expect(repacked(plan([tiny, partlyUsed(1)], { maxUnused: 'unlimited' }))).toEqual([tiny.id])
})

describe('small packs that are used as a whole', () => {
  const nine = Array.from({ length: 9 }, () => small())

  test('stay when there are fewer than ten', () => {
    expect(repacked(plan(nine))).toEqual([])
    expect(repacked(plan([...nine, small()]))).toHaveLength(10)
  })

  test('are those below a 25th of the pack size, or four fifths of it, or what is said', () => {
    const almost = Array.from({ length: 10 }, () => small(10 * MIB))
    expect(repacked(plan(almost))).toEqual([])
    expect(repacked(plan(almost, { repackSmall: true }))).toHaveLength(10)
    expect(repacked(plan(almost, { repackBelowBytes: 10 * MIB }))).toEqual([])
    expect(repacked(plan(almost, { repackBelowBytes: 11 * MIB }))).toHaveLength(10)
    expect(repacked(plan(almost, { packSizeBytes: 128 * MIB, repackSmall: true }))).toHaveLength(10)
    const edge = Array.from({ length: 10 }, () => small(Math.floor((16 * MIB) / 25)))
    expect(repacked(plan(edge))).toEqual([])
  })
})

test('directories come first, then small packs, then the rest', () => {
  const [rest, tiny, trees] = [
    partlyUsed(8),
    pack({ usedBytes: 1000, unusedBytes: 1, unusedBlobs: 1 }),
    partlyUsed(1, { type: 'tree' }),
  ]
  expect(repacked(plan([rest, tiny, trees]))).toEqual(idsOf([trees, tiny, rest]))
})

test('no more is repacked than allowed, and nothing with a limit of nothing', () => {
  const packs = [partlyUsed(8), partlyUsed(7), partlyUsed(6)]
  expect(repacked(plan(packs, { maxRepackBytes: 32 * MIB + 1 }))).toEqual(idsOf(packs.slice(0, 2)))
  expect(repacked(plan(packs, { maxRepackBytes: 32 * MIB }))).toEqual(idsOf(packs.slice(0, 1)))
  expect(repacked(plan(packs, { maxRepackBytes: 0 }))).toEqual([])
})

test('only what is cached is repacked when that is asked for; unused packs go all the same', () => {
  const [data, trees, mixed] = [partlyUsed(8), partlyUsed(1, { type: 'tree' }), pack({ type: 'mixed' })]
  const gone = pack({ usedBlobs: 0, unusedBlobs: 1, unusedBytes: MIB, usedBytes: 100 })
  const decision = plan([data, trees, mixed, gone], { repackCacheableOnly: true })
  expect(repacked(decision).sort()).toEqual(idsOf([trees, mixed]).sort())
  expect(idsOf(decision.unused)).toEqual([gone.id])
})

test('packs that are missing and not needed count as removed', () => {
  const missing = pack({ usedBlobs: 0, unusedBlobs: 2, unusedBytes: 8 * MIB, usedBytes: 100 })
  const present = [partlyUsed(4), ...Array.from({ length: 6 }, () => pack())]
  const totals = {
    used: { blobs: 6, bytes: 108 * MIB },
    duplicate: { blobs: 0, bytes: 0 },
    unused: { blobs: 3, bytes: 12 * MIB },
  }
  const decision = decide({ present, missing: [missing], unindexed: [], totals }, rulesOf({}, 2))
  // Of the 12 MiB unused 8 are gone, and 4 are below the limit of 5 %.
  expect(decision.repack).toEqual([])
  expect(decision.statistics.blobs.removed).toBe(2)
})

test('the statistics add up', () => {
  const packs = [partlyUsed(8), partlyUsed(1), pack(), pack({ usedBlobs: 0, unusedBlobs: 5, unusedBytes: MIB })]
  const unindexed = [{ id: pack().id, size: 77 }]
  const totals = {
    used: { blobs: 48, bytes: 39 * MIB },
    duplicate: { blobs: 0, bytes: 0 },
    unused: { blobs: 7, bytes: 10 * MIB },
  }
  const { statistics } = decide({ present: packs, missing: [], unindexed, totals }, rulesOf({}, 2))
  expect(statistics).toEqual({
    blobs: { used: 48, duplicate: 0, unused: 7, removed: 5, repacked: 17, removedByRepacking: 1 },
    bytes: {
      used: 39 * MIB,
      duplicate: 0,
      unused: 10 * MIB,
      removed: MIB,
      repacked: sizeOf(packs[0]!),
      removedByRepacking: 8 * MIB,
      unindexed: 77,
      uncompressed: 0,
    },
    packs: { used: 1, partlyUsed: 2, unused: 1, unindexed: 1, kept: 2, repacked: 1 },
  })
})

describe('options that make no sense are refused', () => {
  test.each<[PruneOptions, 1 | 2, RegExp]>([
    [{ maxUnused: { percent: 100 } }, 2, /100 % unused/],
    [{ maxUnused: { percent: -1 } }, 2, /-1 % unused/],
    [{ repackUncompressed: true }, 1, /version 1 cannot hold compressed data/],
    [{ repackBelowBytes: 17 * MIB }, 2, /larger than 16777216 bytes/],
    [{ packSizeBytes: MIB }, 2, /not between 4 and 128 MiB/],
  ])('%j in version %d', (options, version, message) => {
    expect(() => rulesOf(options, version)).toThrow(message)
  })
})
