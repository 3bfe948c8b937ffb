import { expect, test } from 'vitest'
import { sha256Id } from '../../crypto/hash.ts'
import { OVERHEAD } from '../../crypto/cipher.ts'
import type { BlobId } from '../../ids.ts'
import { BlobIndex } from '../../index/blob-index.ts'
import type { BlobType, PackedBlob } from '../../pack/blob.ts'
import { blobAt, type BlobColumns, blobsInColumns } from '../../pack/blob-columns.ts'
import { packFileSize } from '../../pack/header.ts'
import { gatherPackFacts, type PackFacts } from './pack-facts.ts'
import { UsedBlobs } from './used-blobs.ts'
import { WantedBlobs } from './wanted-blobs.ts'

const idOf = (name: string): BlobId => sha256Id(Buffer.from(name))

const idsOf = (blobs: BlobColumns): BlobId[] =>
  Array.from({ length: blobsInColumns(blobs) }, (_, at) => blobAt(blobs, at).id)

interface BlobSpec {
  readonly type?: BlobType
  readonly length?: number
  readonly compressed?: boolean
}

/** Packs by name with the names of their blobs; blobs have 1000 bytes and are compressed. */
function makeIndex(packs: Record<string, readonly string[]>, blobs: Record<string, BlobSpec> = {}): BlobIndex {
  const index = new BlobIndex()
  for (const [pack, names] of Object.entries(packs)) index.add(idOf(pack), blobsOf(names, blobs))
  return index
}

function blobsOf(names: readonly string[], specs: Record<string, BlobSpec> = {}): PackedBlob[] {
  let offset = 0
  return names.map((name) => {
    const { type = 'data', length = 1000, compressed = true } = specs[name] ?? {}
    const blob = { type, id: idOf(name), offset, length, uncompressedLength: compressed ? 5000 : 0 }
    offset += length
    return blob
  })
}

function gather(index: BlobIndex, needed: readonly string[]) {
  const used = new UsedBlobs(index)
  for (const name of needed) expect(used.add('data', idOf(name)) || used.add('tree', idOf(name))).toBe(true)
  const { packs, totals } = gatherPackFacts(index, used)
  const byName = (name: string): PackFacts => packs.find(({ id }) => id === idOf(name))!
  return { used, totals, byName }
}

test('sizes are those of the file, its header counted as used', () => {
  const index = makeIndex({ p: ['a', 'b', 'c'] }, { c: { length: 500, compressed: false } })
  const { byName } = gather(index, ['a'])
  expect(byName('p')).toMatchObject({ usedBlobs: 1, unusedBlobs: 2, unusedBytes: 1500, hasUncompressed: true })
  const size = packFileSize(blobsOf(['a', 'b', 'c'], { c: { length: 500, compressed: false } }))
  expect(byName('p').usedBytes + byName('p').unusedBytes).toBe(size)
})

test('packs of both kinds are mixed, and an empty blob does not make a pack uncompressed', () => {
  const empty = { length: OVERHEAD, compressed: false }
  const index = makeIndex(
    { d: ['a', 'none'], t: ['x'], m: ['b', 'y'] },
    { none: empty, x: { type: 'tree' }, y: { type: 'tree' } },
  )
  const { byName } = gather(index, ['a', 'b', 'x', 'y'])
  expect(['d', 't', 'm'].map((name) => byName(name).type)).toEqual(['data', 'tree', 'mixed'])
  expect(byName('d').hasUncompressed).toBe(false)
})

test('of two copies the one in a pack with other used blobs counts as used', () => {
  const index = makeIndex({ p: ['a', 'junk'], q: ['a', 'b'] })
  const { byName, totals } = gather(index, ['a', 'b'])
  expect(byName('p')).toMatchObject({ usedBlobs: 0, unusedBlobs: 2, duplicates: 1 })
  expect(byName('q')).toMatchObject({ usedBlobs: 2, unusedBlobs: 0, duplicates: 0 })
  expect(totals).toEqual({
    used: { blobs: 2, bytes: 2000 },
    duplicate: { blobs: 1, bytes: 1000 },
    unused: { blobs: 1, bytes: 1000 },
  })
})

test('a pack of nothing but copies, as an interrupted prune leaves it, is used as a whole', () => {
  const index = makeIndex({ new: ['a', 'b'], old1: ['a', 'junk'], old2: ['b', 'rubbish'] })
  const { byName } = gather(index, ['a', 'b'])
  expect(byName('new')).toMatchObject({ usedBlobs: 2, unusedBlobs: 0 })
  for (const name of ['old1', 'old2']) expect(byName(name)).toMatchObject({ usedBlobs: 0, duplicates: 1 })
})

test('where nothing speaks for any copy the last one is used', () => {
  const index = makeIndex({ p: ['a', 'junk'], q: ['a', 'rubbish'], r: ['a', 'waste'] })
  const { byName } = gather(index, ['a'])
  expect(['p', 'q', 'r'].map((name) => byName(name).usedBlobs)).toEqual([0, 0, 1])
})

test('every needed blob has exactly one used copy, however many there are', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const packs = Object.fromEntries(
    Array.from({ length: 300 }, (_, at) => [`p${at}`, [names[at % 7]!, names[(at * 3) % 7]!, `junk${at}`]]),
  )
  const { totals } = gather(makeIndex(packs), names)
  expect(totals.used).toEqual({ blobs: 7, bytes: 7000 })
  expect(totals.used.blobs + totals.duplicate.blobs).toBe(600)
})

test('what several index files say of one pack counts once', () => {
  const index = makeIndex({ p: ['a', 'b'] })
  index.add(idOf('p'), blobsOf(['a', 'b']))
  const { byName, totals } = gather(index, ['a'])
  expect(byName('p')).toMatchObject({ usedBlobs: 1, unusedBlobs: 1, duplicates: 0 })
  expect(byName('p').usedBytes + byName('p').unusedBytes).toBe(packFileSize(blobsOf(['a', 'b'])))
  expect(totals.duplicate.blobs).toBe(0)
})

test('a blob that a kept pack has is not wanted from another; every other one is wanted once', () => {
  const index = makeIndex({ kept: ['a'], p: ['a', 'b', 'junk'], q: ['b', 'c'] })
  const { used } = gather(index, ['a', 'b', 'c'])
  const wanted = new WantedBlobs(index, used, (number) => number !== 0)
  expect(wanted.left).toBe(2)
  const taken = [...wanted.take([1, 2])].map(({ id, blobs }) => [id, idsOf(blobs)])
  expect(taken).toEqual([
    [idOf('p'), [idOf('b')]],
    [idOf('q'), [idOf('c')]],
  ])
  expect(wanted.left).toBe(0)
})
