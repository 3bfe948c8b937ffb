import { describe, expect, test } from 'vitest'
import type { PackId } from '../../ids.ts'
import { encodeIndex } from '../../index/index-file.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import {
  alterFile,
  blobsInPack,
  flipBit,
  makeFilledRepository,
  RepositoryFiller,
} from '../../repository/fixture.test.support.ts'
import { openRepository } from '../../repository/open.ts'
import type { Repository } from '../../repository/repository.ts'
import { check } from '../check/check.ts'
import type { CheckOptions } from '../check/report.ts'
import { repairIndex, type RepairIndexOptions } from './repair-index.ts'

const TREES = [{ file: 'content', dir: { other: 'other content' } }, { more: 'more' }]

/** As another process would find it. */
async function fresh({ backend }: Repository): Promise<Repository> {
  return await openRepository(backend, { password: 'secret' })
}

async function repairFresh(repository: Repository, options: RepairIndexOptions = {}) {
  return await repairIndex(await fresh(repository), options)
}

async function expectWhole(repository: Repository, snapshots = 2, options: CheckOptions = {}): Promise<void> {
  const report = await check(await fresh(repository), options)
  expect([...report.errors, ...report.hints]).toEqual([])
  expect(report.snapshots).toBe(snapshots)
}

async function replaceIndex(repository: Repository, alter: (blobs: readonly PackedBlob[]) => PackedBlob[]) {
  const packs = Array.from(repository.index.packs(), ({ id, blobs }) => ({ id, blobs: alter(blobs) }))
  for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
  await repository.writeUnpacked('index', encodeIndex(packs))
}

function packOf(repository: Repository, type: 'data' | 'tree'): PackId {
  return repository.index.packIds.find((id) => blobsInPack(repository, id)[0]!.type === type)!
}

describe('an index is whole again', () => {
  test('when every file of it is gone', async () => {
    const { repository } = await makeFilledRepository(TREES)
    for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
    const { plan, newIndexes } = await repairFresh(repository)
    expect(new Set(plan.added)).toEqual(new Set(repository.index.packIds))
    expect(plan).toMatchObject({ missing: [], damaged: [], lostBlobs: 0, obsolete: [] })
    expect(newIndexes).toHaveLength(1)
    await expectWhole(repository)
  })

  test.for([
    ['has a wrong bit', flipBit(30)],
    ['is empty', () => Buffer.alloc(0)],
    ['was cut off', (content: Buffer) => content.subarray(0, 40)],
  ] as const)('when a file of it %s', async ([, alter]) => {
    const { repository } = await makeFilledRepository(TREES)
    const [index] = await repository.listIds('index')
    await alterFile(repository.backend, 'index', index!.id, alter)
    const { plan } = await repairFresh(repository)
    expect(plan.unreadableIndexes).toMatchObject([{ id: index!.id }])
    expect(plan.obsolete).toEqual([index!.id])
    await expectWhole(repository)
  })

  test('when it is no index at all, though it decrypts', async () => {
    const { repository } = await makeFilledRepository(TREES)
    const id = await repository.writeUnpacked('index', Buffer.from('{"packs":[{"id":"x"}]}'))
    expect((await repairFresh(repository)).plan.unreadableIndexes).toMatchObject([{ id }])
    await expectWhole(repository)
  })

  test.for<[string, (blobs: readonly PackedBlob[]) => PackedBlob[]]>([
    ['lacks a blob', (blobs) => blobs.slice(1)],
    ['lacks all blobs', () => []],
    ['has a blob twice as long', ([first, ...rest]) => [{ ...first!, length: first!.length * 2 }, ...rest]],
    ['forgets that blobs are compressed', (blobs) => blobs.map((blob) => ({ ...blob, uncompressedLength: 0 }))],
    ['has blobs in the wrong places', (blobs) => blobs.map((blob) => ({ ...blob, offset: blob.offset + 1 }))],
  ])('when it %s', async ([, alter]) => {
    const { repository } = await makeFilledRepository([{ file: 'compressible '.repeat(100), other: ['a', 'b'] }])
    await replaceIndex(repository, alter)
    const { plan } = await repairFresh(repository)
    expect(plan.corrected.length).toBeGreaterThan(0)
    expect(plan.added).toEqual([])
    await expectWhole(repository, 1, { readData: 'all' })
  })

  test('when two files of it contradict each other', async () => {
    const { repository } = await makeFilledRepository(TREES)
    const pack = packOf(repository, 'data')
    const wrong = blobsInPack(repository, pack).map((blob) => ({ ...blob, offset: blob.offset + 7 }))
    await repository.writeUnpacked('index', encodeIndex([{ id: pack, blobs: wrong }]))
    const { plan } = await repairFresh(repository)
    expect(plan.corrected).toEqual([pack])
    expect(plan.obsolete).toHaveLength(2)
    await expectWhole(repository)
  })

  test('when packs are named twice: once is enough', async () => {
    const { repository } = await makeFilledRepository(TREES)
    await repository.writeUnpacked('index', encodeIndex(repository.index.packs()))
    const { plan } = await repairFresh(repository)
    expect(new Set(plan.merged)).toEqual(new Set(repository.index.packIds))
    await expectWhole(repository)
  })

  test('when a pack is spread over two files of it', async () => {
    const { repository } = await makeFilledRepository(TREES)
    const pack = packOf(repository, 'data')
    const blobs = blobsInPack(repository, pack)
    const others = [...repository.index.packs()].filter(({ id }) => id !== pack)
    for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
    await repository.writeUnpacked('index', encodeIndex([{ id: pack, blobs: blobs.slice(0, 1) }]))
    await repository.writeUnpacked('index', encodeIndex([...others, { id: pack, blobs: blobs.slice(1) }]))
    expect((await repairFresh(repository)).plan.merged).toEqual([pack])
    await expectWhole(repository)
  })

  test('with all packs asked, when it gives blobs the ids of others', async () => {
    const { repository } = await makeFilledRepository([{ file: ['a', 'b'] }])
    await replaceIndex(repository, (blobs) => blobs.map((blob) => ({ ...blob, id: blobs.at(-1)!.id })))
    expect((await repairFresh(repository)).plan.obsolete).toEqual([])
    expect((await repairFresh(repository, { packs: 'all' })).plan.corrected).toHaveLength(1)
    await expectWhole(repository, 1, { readData: 'all' })
  })
})

test('files that are right stay, and nothing is written when all are', async () => {
  const { repository } = await makeFilledRepository(TREES)
  const before = await repository.listIds('index')
  for (const packs of ['suspect', 'all'] as const) {
    expect(await repairFresh(repository, { packs })).toMatchObject({
      newIndexes: [],
      plan: { obsolete: [], added: [] },
    })
  }
  expect(await repository.listIds('index')).toEqual(before)

  const filler = new RepositoryFiller(repository)
  await filler.addBlob('data', Buffer.from('in no index'))
  await filler.storePacks()
  await repairFresh(repository)
  const after = await repository.listIds('index')
  expect(after).toHaveLength(2)
  expect(after).toContainEqual(before[0])
  await expectWhole(repository)
})

test('a dry run tells and does nothing', async () => {
  const { repository } = await makeFilledRepository(TREES)
  const [index] = await repository.listIds('index')
  await alterFile(repository.backend, 'index', index!.id, flipBit(30))
  const { plan, newIndexes } = await repairFresh(repository, { dryRun: true })
  expect(plan.added).toHaveLength(2)
  expect(newIndexes).toEqual([])
  expect(await repository.listIds('index')).toEqual([index])
})

describe('a pack', () => {
  test('that is missing is dropped, and the blobs that nobody else has are counted', async () => {
    const { repository } = await makeFilledRepository([{ one: 'one', two: 'two' }])
    const filler = new RepositoryFiller(repository)
    await filler.addBlob('data', Buffer.from('one'))
    await filler.finish()
    const pack = repository.index.find('data', blobsInPack(repository, packOf(repository, 'data'))[0]!.id)!.pack
    await repository.backend.remove('pack', pack)
    const { plan } = await repairFresh(repository)
    expect(plan).toMatchObject({ missing: [pack], lostBlobs: 1 })
    const report = await check(await fresh(repository))
    expect(report.errors.map(({ kind, path }) => ({ kind, path }))).toEqual([{ kind: 'blob-missing', path: '/two' }])
  })

  test('whose header is damaged is named, and what the index knows of it is kept', async () => {
    const { repository } = await makeFilledRepository(TREES)
    const pack = packOf(repository, 'data')
    const blobs = blobsInPack(repository, pack)
    await alterFile(repository.backend, 'pack', pack, (content) => content.subarray(0, -50))
    const { plan } = await repairFresh(repository)
    expect(plan).toMatchObject({ obsolete: [], lostBlobs: 0, damaged: [{ id: pack, indexedBlobs: blobs.length }] })
    const after = await fresh(repository)
    await after.loadIndex()
    expect(blobsInPack(after, pack)).toEqual(blobs)
  })

  test('that nobody can list and no index names is named', async () => {
    const { repository } = await makeFilledRepository(TREES)
    const pack = packOf(repository, 'data')
    for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
    await alterFile(repository.backend, 'pack', pack, flipBit(-10))
    const { plan } = await repairFresh(repository)
    expect(plan.damaged).toMatchObject([{ id: pack, indexedBlobs: 0 }])
    expect(plan.damaged[0]!.reason).toContain('authentic')
    expect(plan.added).toEqual([packOf(repository, 'tree')])
  })
})

test('old files are removed only after the new ones are stored, and not at all without a lock', async () => {
  const { repository } = await makeFilledRepository(TREES)
  const [index] = await repository.listIds('index')
  await alterFile(repository.backend, 'index', index!.id, flipBit(30))
  const lock = new AbortController()
  const other = await fresh(repository)
  const write = other.backend.write.bind(other.backend)
  other.backend.write = async (...args) => {
    await write(...args)
    lock.abort(new Error('the lock is lost'))
  }
  await expect(repairIndex(other, { signal: lock.signal })).rejects.toThrow('the lock is lost')
  expect(await repository.listIds('index')).toContainEqual(index)
  await repairFresh(repository)
  await expectWhole(repository)
})

test('progress counts the packs that are asked', async () => {
  const { repository } = await makeFilledRepository(TREES)
  const seen: number[][] = []
  await repairFresh(repository, {
    packs: 'all',
    onProgress: ({ headersDone, headersTotal }) => seen.push([headersDone, headersTotal]),
  })
  expect(seen.at(-1)).toEqual([2, 2])
})

test('old files stay when the lock turns out to be gone', async () => {
  const { repository } = await makeFilledRepository(TREES)
  const [index] = await repository.listIds('index')
  await alterFile(repository.backend, 'index', index!.id, flipBit(30))
  const confirmLock = async () => {
    throw new Error('the lock is gone')
  }
  await expect(repairIndex(await fresh(repository), { confirmLock })).rejects.toThrow('the lock is gone')
  expect(await repository.listIds('index')).toContainEqual(index)
})
