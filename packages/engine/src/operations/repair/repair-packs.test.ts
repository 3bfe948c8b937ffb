import { describe, expect, test } from 'vitest'
import { BackendError } from '../../backend/backend.ts'
import { sha256Id } from '../../crypto/hash.ts'
import type { Id, PackId } from '../../ids.ts'
import { encodeIndex } from '../../index/index-file.ts'
import {
  alterFile,
  blobsInPack,
  flipBit,
  makeFilledRepository,
  RepositoryFiller,
} from '../../repository/fixture.test.support.ts'
import type { Repository } from '../../repository/repository.ts'
import { check } from '../check/check.ts'
import { repairPacks } from './repair-packs.ts'

const SPEC = { file: ['one', 'two', 'three'], other: 'other' }
const dataId = (text: string): Id => sha256Id(Buffer.from(text))

async function damaged() {
  const { repository, snapshots } = await makeFilledRepository([SPEC])
  const { pack, offset } = repository.index.find('data', dataId('two'))!
  return { repository, snapshots, pack, offset }
}

async function expectSaved(repository: Repository, ...texts: string[]): Promise<void> {
  for (const text of texts) expect((await repository.readBlob('data', dataId(text))).toString()).toBe(text)
}

async function expectGone(repository: Repository, pack: PackId): Promise<void> {
  expect(repository.index.hasPack(pack)).toBe(false)
  expect((await repository.listIds('pack')).map(({ id }) => id)).not.toContain(pack)
}

test('what can be read of a damaged pack is saved, what cannot is named, and the pack is gone', async () => {
  const { repository, pack, offset } = await damaged()
  await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
  const report = await repairPacks(repository, [pack])
  expect(report.lost).toMatchObject([{ type: 'data', id: dataId('two'), pack }])
  expect(report).toMatchObject({ blobsSaved: 3, removed: [pack], notCopied: [] })
  await expectGone(repository, pack)
  await expectSaved(repository, 'one', 'three', 'other')
  const { errors } = await check(repository, { readData: 'all' })
  expect(errors.map(({ kind, path }) => ({ kind, path }))).toEqual([{ kind: 'blob-missing', path: '/file' }])
})

test('of a truncated pack, what the index knows is saved as far as it is there', async () => {
  const { repository, pack, offset } = await damaged()
  const left = blobsInPack(repository, pack).filter((blob) => blob.offset + blob.length <= offset + 10)
  await alterFile(repository.backend, 'pack', pack, (content) => content.subarray(0, offset + 10))
  const report = await repairPacks(repository, [pack])
  expect(report.packs).toMatchObject([{ isIndexed: true, headerProblem: expect.any(String) }])
  expect(report.blobsSaved).toBe(left.length)
  expect(report.blobsSaved + report.lost.length).toBe(4)
})

test('of a pack that no index knows, what its header says is saved', async () => {
  const { repository, snapshots, pack } = await damaged()
  const others = [...repository.index.packs()].filter(({ id }) => id !== pack)
  for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
  await repository.writeUnpacked('index', encodeIndex(others))
  await repository.loadIndex()
  const report = await repairPacks(repository, [pack])
  expect(report).toMatchObject({ blobsSaved: 4, lost: [], packs: [{ isIndexed: false }] })
  expect((await check(repository, { readData: 'all' })).errors).toEqual([])
  expect(await repository.snapshots()).toEqual(snapshots)
})

test('where index and header disagree, the one that is right counts', async () => {
  const { repository, pack } = await damaged()
  const packs = Array.from(repository.index.packs(), ({ id, blobs }) => ({
    id,
    blobs: id === pack ? blobs.map((blob) => ({ ...blob, offset: blob.offset + 3 })) : blobs,
  }))
  for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
  await repository.writeUnpacked('index', encodeIndex(packs))
  await repository.loadIndex()
  expect(await repairPacks(repository, [pack])).toMatchObject({ blobsSaved: 4, lost: [] })
  expect((await check(repository, { readData: 'all' })).errors).toEqual([])
})

test('a blob that is whole in another pack is not lost', async () => {
  const { repository, pack, offset } = await damaged()
  const filler = new RepositoryFiller(repository)
  await filler.addBlob('data', Buffer.from('two'))
  await filler.finish()
  await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
  expect(await repairPacks(repository, [pack], { dryRun: true })).toMatchObject({ lost: [], blobsSaved: 4 })
  expect((await repairPacks(repository, [pack])).lost).toEqual([])
  expect((await check(repository, { readData: 'all' })).errors).toEqual([])
})

test('directories are saved too, and what other index files say stays true', async () => {
  const { repository, snapshots } = await makeFilledRepository([SPEC])
  const filler = new RepositoryFiller(repository)
  await filler.addBlob('data', Buffer.from('elsewhere'))
  await filler.finish()
  const { pack } = repository.index.find('tree', snapshots[0]!.tree)!
  expect((await repairPacks(repository, [pack])).lost).toEqual([])
  await expectSaved(repository, 'elsewhere')
  const { errors, hints } = await check(repository, { readData: 'all' })
  expect([...errors, ...hints]).toEqual([])
})

test('a pack of which nothing can be read is removed', async () => {
  const { repository, pack } = await damaged()
  await alterFile(repository.backend, 'pack', pack, () => Buffer.alloc(0))
  expect((await repairPacks(repository, [pack])).lost).toHaveLength(4)
  await expectGone(repository, pack)
})

describe('a copy of the pack', () => {
  test('is made of what is there, before anything changes', async () => {
    const { repository, pack } = await damaged()
    await alterFile(repository.backend, 'pack', pack, flipBit(3))
    const content = await repository.backend.read('pack', pack)
    const copies: [PackId, Uint8Array][] = []
    await repairPacks(repository, [pack], {
      keepCopy: async (id, bytes) => {
        expect(repository.index.hasPack(id)).toBe(true)
        copies.push([id, bytes])
      },
    })
    expect(copies).toEqual([[pack, content]])
  })

  test('that cannot be written down stops everything', async () => {
    const { repository, pack } = await damaged()
    const keepCopy = async (): Promise<void> => {
      throw new Error('disk full')
    }
    await expect(repairPacks(repository, [pack], { keepCopy })).rejects.toThrow('disk full')
    expect((await check(repository, { readData: 'all' })).errors).toEqual([])
  })

  test('that cannot be read leaves the pack where it is, out of the index', async () => {
    const { repository, pack } = await damaged()
    const { backend } = repository
    const read = backend.read.bind(backend)
    backend.read = async (kind, name, options) => {
      if (name === pack && options?.length === undefined) throw new BackendError('bad sector')
      return await read(kind, name, options)
    }
    const report = await repairPacks(repository, [pack], { keepCopy: async () => undefined })
    expect(report).toMatchObject({ removed: [], lost: [], notCopied: [{ id: pack, reason: 'bad sector' }] })
    expect(repository.index.hasPack(pack)).toBe(false)
    expect((await repository.listIds('pack')).map(({ id }) => id)).toContain(pack)
  })
})

test('a dry run tells what would be lost, and does nothing', async () => {
  const { repository, pack, offset } = await damaged()
  await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
  const before = await repository.listIds('pack')
  const report = await repairPacks(repository, [pack], { dryRun: true })
  expect(report.lost).toMatchObject([{ id: dataId('two') }])
  expect(report).toMatchObject({ blobsSaved: 3, removed: [pack] })
  expect(await repository.listIds('pack')).toEqual(before)
})

test('a pack that is not there is refused', async () => {
  const { repository } = await damaged()
  const refused = repairPacks(repository, ['ab'.repeat(32) as PackId])
  await expect(refused).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('pack abababab'),
  })
})

test('without the lock nothing is removed', async () => {
  const { repository, pack } = await damaged()
  const lock = new AbortController()
  const write = repository.backend.write.bind(repository.backend)
  repository.backend.write = async (kind, ...rest) => {
    await write(kind, ...rest)
    if (kind === 'index') lock.abort(new Error('the lock is lost'))
  }
  await expect(repairPacks(repository, [pack], { signal: lock.signal })).rejects.toThrow('the lock is lost')
  expect((await repository.listIds('pack')).map(({ id }) => id)).toContain(pack)
  expect((await check(repository, { readData: 'all' })).errors).toEqual([])
})

test('neither index files nor packs are removed when the lock turns out to be gone', async () => {
  for (const confirmations of [0, 1]) {
    const { repository, pack, offset } = await damaged()
    await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
    const indexes = await repository.listIds('index')
    let confirmed = 0
    const confirmLock = async () => {
      if (confirmed++ === confirmations) throw new Error('the lock is gone')
    }
    await expect(repairPacks(repository, [pack], { confirmLock })).rejects.toThrow('the lock is gone')
    expect((await repository.listIds('pack')).map(({ id }) => id)).toContain(pack)
    if (confirmations === 0) expect(await repository.listIds('index')).toEqual(expect.arrayContaining(indexes))
  }
})
