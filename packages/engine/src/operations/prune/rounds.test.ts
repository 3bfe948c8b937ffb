import { expect, test } from 'vitest'
import type { PackId } from '../../ids.ts'
import type { PlannedPack, RepackedPack } from './report.ts'
import { type Round, rounds } from './rounds.ts'

const MIB = 1024 * 1024
const idOf = (number: number): PackId => number.toString(16).padStart(64, '0') as PackId
const unused: readonly PlannedPack[] = [1, 2].map((number) => ({ id: idOf(number), size: 16 * MIB }))
const repack: readonly RepackedPack[] = [11, 12, 13].map((number) => ({
  id: idOf(number),
  size: 16 * MIB,
  usedBytes: 10 * MIB,
  unusedBytes: 6 * MIB,
  reasons: ['partly-used'],
}))
const missing = [idOf(21)]

async function run(free: (number | undefined)[], withCopies: readonly PackId[] = []) {
  const made: Round[] = []
  let left: readonly RepackedPack[] = []
  const steps = rounds({
    unused,
    repack,
    missing,
    withCopies: new Set(withCopies),
    hasRepeats: false,
    indexBytes: MIB,
    freeBytes: async () => free.shift(),
    onNoRoom: (packs) => (left = packs),
  })
  for await (const round of steps) made.push(round)
  return { made, left }
}

test('with room for everything there is one round', async () => {
  const all = [{ repack, remove: [...unused, ...repack], forget: missing }]
  expect((await run([undefined])).made).toEqual(all)
  expect((await run([34 * MIB])).made).toEqual(all)
})

test('without it, what is not needed goes first, and then as much is repacked at a time as fits', async () => {
  const { made, left } = await run([20 * MIB, 24 * MIB, 30 * MIB])
  expect(made).toEqual([
    { repack: [], remove: unused, forget: missing },
    { repack: repack.slice(0, 2), remove: repack.slice(0, 2), forget: [] },
    { repack: repack.slice(2), remove: repack.slice(2), forget: [] },
  ])
  expect(left).toEqual([])
})

test('what does not fit at all is left as it is', async () => {
  const { made, left } = await run([5 * MIB, 5 * MIB])
  expect(made).toEqual([{ repack: [], remove: unused, forget: missing }])
  expect(left).toEqual(repack)
})

test('while anything has to be read, copies of needed blobs stay', async () => {
  const { made } = await run([20 * MIB, 24 * MIB, 30 * MIB], [idOf(1)])
  expect(made.map(({ remove }) => remove.map(({ id }) => id))).toEqual([
    [idOf(2)],
    [idOf(11), idOf(12)],
    [idOf(13)],
    [idOf(1)],
  ])
})

test('when nothing is planned, only an index with repeats is put in order', async () => {
  const nothing = { unused: [], repack: [], missing: [], withCopies: new Set<PackId>(), indexBytes: 0 }
  const room = { freeBytes: async () => 0, onNoRoom: () => expect.unreachable() }
  expect((await rounds({ ...nothing, ...room, hasRepeats: false }).next()).done).toBe(true)
  const { value } = await rounds({ ...nothing, ...room, hasRepeats: true }).next()
  expect(value).toEqual({ repack: [], remove: [], forget: [] })
})
