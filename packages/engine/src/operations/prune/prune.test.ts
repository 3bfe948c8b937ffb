import { describe, expect, test } from 'vitest'
import { BackendError, type FileKind } from '../../backend/backend.ts'
import { MemoryBackend } from '../../backend/memory.ts'
import { sha256Id } from '../../crypto/hash.ts'
import { InvalidInputError } from '../../errors.ts'
import type { BlobId, PackId } from '../../ids.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import {
  alterFile,
  flipBit,
  makeFilledRepository,
  makeRepository,
  RepositoryFiller,
} from '../../repository/fixture.test.support.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { check } from '../check/check.ts'
import { planPrune, type PlanPruneOptions } from './plan.ts'
import { prune } from './prune.ts'
import { PruneRefusedError } from './refusal.ts'
import { rewriteIndex } from './rewrite-index.ts'

const TREES = [
  { 'one.txt': 'first content', shared: 'in all of them', folder: { deep: ['a', 'bb', 'ccc'] } },
  { 'two.txt': 'second content', shared: 'in all of them', folder: { deep: ['a', 'bb', 'ccc'] } },
  { 'three.txt': 'third content', shared: 'in all of them', other: { 'four.txt': 'fourth content' } },
]

/** Three snapshots, the first of which is forgotten: everything is in two packs, of which a part is used. */
async function makeForgotten(options: { version?: 1 | 2; backend?: MemoryBackend } = {}) {
  const { repository, snapshots } = await makeFilledRepository(TREES, options)
  await repository.backend.remove('snapshot', snapshots[0]!.id)
  return { repository, snapshots: snapshots.slice(1) }
}

async function pruned(repository: Repository, options: PlanPruneOptions = {}) {
  const plan = await planPrune(repository, options)
  return { plan, report: await prune(repository, plan) }
}

async function expectWhole(repository: Repository, snapshots: readonly StoredSnapshot[]): Promise<void> {
  const { errors, hints, snapshots: found } = await check(repository, { readData: 'all' })
  expect({ errors, hints, found }).toEqual({ errors: [], hints: [], found: snapshots.length })
}

async function names(repository: Repository, kind: 'pack' | 'index' | 'snapshot'): Promise<string[]> {
  return (await repository.listIds(kind)).map(({ id }) => id).sort()
}

describe('a prune', () => {
  test.each([1, 2] as const)(
    'leaves what the snapshots of a version %d repository need, and nothing else',
    async (version) => {
      const { repository, snapshots } = await makeForgotten({ version })
      const before = await names(repository, 'pack')
      const { plan, report } = await pruned(repository)
      expect(plan.repack.map(({ id }) => id).sort()).toEqual(before)
      expect(report).toMatchObject({ outcome: 'succeeded', repackedPacks: 2, removedPacks: 2, failures: [] })
      await expectWhole(repository, snapshots)
      const { statistics } = await planPrune(repository)
      expect(statistics.bytes).toMatchObject({ unused: 0, duplicate: 0, unindexed: 0 })
      expect(statistics.bytes.used).toBeLessThanOrEqual(plan.statistics.bytes.used + 200)
    },
  )

  test('of a pruned repository finds nothing to do', async () => {
    const { repository } = await makeForgotten()
    await pruned(repository)
    const before = [await names(repository, 'pack'), await names(repository, 'index')]
    const { plan, report } = await pruned(repository)
    expect(plan).toMatchObject({ unindexed: [], unused: [], repack: [], missing: [] })
    expect(report).toMatchObject({ outcome: 'succeeded', removedPacks: 0, newPacks: 0, newIndexes: 0 })
    expect([await names(repository, 'pack'), await names(repository, 'index')]).toEqual(before)
  })

  test('removes everything when there is no snapshot any more', async () => {
    const { repository, snapshots } = await makeFilledRepository(TREES)
    for (const { id } of snapshots) await repository.backend.remove('snapshot', id)
    const { report } = await pruned(repository)
    expect(report).toMatchObject({ outcome: 'succeeded', removedPacks: 2, newPacks: 0 })
    expect([await names(repository, 'pack'), await names(repository, 'index')]).toEqual([[], []])
  })

  test('deletes packs in no index, and keeps the copies of nobody', async () => {
    const { repository, snapshots } = await makeFilledRepository(TREES)
    const filler = new RepositoryFiller(repository)
    await filler.addBlob('data', Buffer.from('an interrupted backup'))
    await filler.storePacks()
    const before = await names(repository, 'pack')
    const { plan, report } = await pruned(repository)
    expect(plan.unindexed).toHaveLength(1)
    expect(report).toMatchObject({ removedPacks: 1, newIndexes: 0, removedIndexes: 0 })
    expect(await names(repository, 'pack')).toEqual(before.filter((id) => id !== plan.unindexed[0]!.id))
    await expectWhole(repository, snapshots)
  })

  test('leaves one copy of what two writers stored at the same time', async () => {
    const { repository, snapshots } = await makeFilledRepository(TREES)
    const filler = new RepositoryFiller(repository)
    for (const tree of TREES) await filler.addTree(tree)
    await filler.finish()
    expect(await names(repository, 'pack')).toHaveLength(4)
    const { plan, report } = await pruned(repository)
    expect(plan.statistics.blobs.duplicate).toBe(plan.statistics.blobs.used)
    expect(report).toMatchObject({ outcome: 'succeeded', removedPacks: 2, newPacks: 0 })
    await expectWhole(repository, snapshots)
  })

  test('takes a needed blob that is damaged from the copy that is going to be removed', async () => {
    const { repository, snapshots } = await makeForgotten()
    const plan = await planPrune(repository)
    const damaged = plan.repack[0]!.id
    const filler = new RepositoryFiller(repository)
    for (const tree of TREES.slice(1)) await filler.addTree(tree)
    await filler.finish()
    for (let at = 0; at < 20; at++) await alterFile(repository.backend, 'pack', damaged, flipBit(at * 3))
    expect((await pruned(repository)).report.outcome).toBe('succeeded')
    await expectWhole(repository, snapshots)
  })

  test('forgets packs that are missing and not needed', async () => {
    const { repository, snapshots } = await makeFilledRepository(TREES)
    const filler = new RepositoryFiller(repository)
    await filler.addBlob('data', Buffer.from('forgotten'))
    await filler.finish()
    const lost = filler.packs
    expect(lost).toEqual([])
    const pack = repository.index.packIds.at(-1)!
    await repository.backend.remove('pack', pack)
    const { plan, report } = await pruned(repository)
    expect(plan.missing).toEqual([pack])
    expect(report.outcome).toBe('succeeded')
    await expectWhole(repository, snapshots)
  })

  test('repacks the directories of a repository that became version 2', async () => {
    const { repository, snapshots } = await makeFilledRepository(TREES, { version: 1 })
    await alterFile(repository.backend, 'config', '', (content) => {
      const config = JSON.parse(repository.cipher.open(content).toString()) as { version: number }
      return repository.cipher.seal(Buffer.from(JSON.stringify({ ...config, version: 2 })))
    })
    const { openRepository } = await import('../../repository/open.ts')
    const upgraded = await openRepository(repository.backend, { password: 'secret' })
    const { plan } = await pruned(upgraded)
    expect(plan.repack).toMatchObject([{ reasons: expect.arrayContaining(['uncompressed']) }])
    await expectWhole(upgraded, snapshots)
    expect((await planPrune(upgraded)).repack).toEqual([])
    const all = await pruned(upgraded, { repackUncompressed: true })
    expect(all.plan.repack).toHaveLength(1)
    expect([...(await upgraded.loadIndex()).blobs()].every(({ uncompressedLength }) => uncompressedLength > 0)).toBe(
      true,
    )
    expect((await planPrune(upgraded, { repackUncompressed: true })).repack).toEqual([])
    await expectWhole(upgraded, snapshots)
  })

  test('brings packs together that several index files name, whole or in part', async () => {
    const { repository, snapshots } = await makeForgotten()
    const [first, second] = [...repository.index.packs()]
    const filler = new RepositoryFiller(repository)
    await filler.storeIndex([{ id: first!.id, blobs: first!.blobs.slice(1) }, second!])
    const plan = await planPrune(repository, { maxRepackBytes: 0 })
    expect(plan.repack).toEqual([])
    const extra = new RepositoryFiller(repository)
    await extra.addBlob('data', Buffer.from('nobody needs this'))
    await extra.finish()
    const { report } = await pruned(repository, { maxRepackBytes: 0 })
    expect(report).toMatchObject({ outcome: 'succeeded', removedPacks: 1, newIndexes: 1 })
    await expectWhole(repository, snapshots)
    expect(repository.index.size).toBeGreaterThan(0)
    expect(await names(repository, 'index')).toHaveLength(1)
  })
})

test('index files that are full are left alone, and oversized ones are split', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  const filler = new RepositoryFiller(repository)
  // Blobs that nobody stored serve as well: a pack that is needed and one that is not, over and over.
  const id = (number: number): BlobId => sha256Id(Buffer.from(String(number)))
  const blobs = (from: number, count: number): PackedBlob[] =>
    Array.from({ length: count }, (_, at) => ({
      type: 'data',
      id: id(from + at),
      offset: at * 33,
      length: 33,
      uncompressedLength: 0,
    }))
  const full = await filler.storeIndex([{ id: id(1), blobs: blobs(0x10000000, 50_000) }])
  const packs = Array.from({ length: 10 }, (_, at) => ({
    id: id(100 + at),
    blobs: blobs((at + 2) * 0x10000000, 46_000),
  }))
  await filler.storeIndex(packs)
  const gone = await filler.storeIndex([{ id: id(7), blobs: blobs(1, 3) }])
  const { removed, written } = await rewriteIndex({
    repository,
    gone: new Set([id(7)]),
    required: new Set(),
    beforeRemoval: async () => undefined,
  })
  // The oversized one, the one that named the gone pack, and the small one of the snapshots.
  expect({ removed, written }).toEqual({ removed: 3, written: 6 })
  const left = await names(repository, 'index')
  expect(left).toContain(full)
  expect(left).not.toContain(gone)
  const index = await repository.loadIndex()
  const known = new Set([id(1), ...packs.map((pack) => pack.id)])
  const others = [...index.packs()].filter((pack) => !known.has(pack.id))
  expect(index.size).toBe(510_000 + others.reduce((sum, pack) => sum + pack.blobs.length, 0))
  expect(index.hasPack(id(7))).toBe(false)
  for (const pack of packs) expect(index.hasPack(pack.id)).toBe(true)
  expect(await repository.readTree(snapshots[0]!.tree)).toBeDefined()
})

describe('a plan', () => {
  test('changes nothing, and is a value that can be printed', async () => {
    const { repository } = await makeForgotten()
    const before = await Promise.all((['pack', 'index', 'snapshot'] as const).map((kind) => names(repository, kind)))
    const plan = await planPrune(repository)
    const after = await Promise.all((['pack', 'index', 'snapshot'] as const).map((kind) => names(repository, kind)))
    expect(after).toEqual(before)
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(plan.repack[0]).toMatchObject({ reasons: expect.arrayContaining(['partly-used']) })
  })

  test('can take snapshots for removed that are still there, and is not carried out then', async () => {
    const { repository, snapshots } = await makeFilledRepository(TREES)
    const plan = await planPrune(repository, { without: new Set([snapshots[0]!.id]) })
    expect(plan.repack).toHaveLength(2)
    await expect(prune(repository, plan)).rejects.toThrow(PruneRefusedError)
    await expectWhole(repository, snapshots)
  })

  test('is carried out once, and only as it was made', async () => {
    const { repository } = await makeForgotten()
    const plan = await planPrune(repository)
    await prune(repository, plan)
    await expect(prune(repository, plan)).rejects.toThrow(InvalidInputError)
    await expect(prune(repository, { ...plan })).rejects.toThrow(InvalidInputError)
  })

  test('is refused when a snapshot was stored since', async () => {
    const { repository, snapshots } = await makeForgotten()
    const plan = await planPrune(repository)
    const filler = new RepositoryFiller(repository)
    const added = await filler.addSnapshot(snapshots[0]!.tree, { hostname: 'another' })
    await expect(prune(repository, plan)).rejects.toThrow('not as it was when the prune was planned')
    await expectWhole(repository, [...snapshots, added])
  })

  test('is told of as it is made', async () => {
    const { repository } = await makeForgotten()
    const seen: number[] = []
    await planPrune(repository, { onProgress: ({ treesDone }) => seen.push(treesDone) })
    expect(seen.at(-1)).toBe(4)
  })
})

interface Damage {
  readonly what: string
  readonly damage: (repository: Repository, snapshots: readonly StoredSnapshot[]) => Promise<void>
  readonly message: RegExp
}

const packOf = (repository: Repository, type: 'data' | 'tree'): { id: PackId; blobs: PackedBlob[] } =>
  [...repository.index.packs()].find(({ blobs }) => blobs[0]!.type === type)!

const DAMAGES: readonly Damage[] = [
  {
    what: 'a snapshot cannot be read',
    damage: async ({ backend }, [snapshot]) => alterFile(backend, 'snapshot', snapshot!.id, flipBit(30)),
    message: /is damaged.*nothing was changed/s,
  },
  {
    what: 'a directory cannot be read',
    damage: async (repository) => {
      const { id, blobs } = packOf(repository, 'tree')
      for (const { offset } of blobs) await alterFile(repository.backend, 'pack', id, flipBit(offset + 20))
    },
    message: /the directory \/.* in snapshot [0-9a-f]{8} cannot be read/,
  },
  {
    what: 'a part of a file is in no index',
    damage: async (repository) => {
      const { id, blobs } = packOf(repository, 'data')
      const [index] = await names(repository, 'index')
      const filler = new RepositoryFiller(repository)
      await filler.storeIndex([packOf(repository, 'tree'), { id, blobs: blobs.slice(0, 1) }])
      await repository.backend.remove('index', index!)
    },
    message: /parts of files are in no index, the first of \//,
  },
  {
    what: 'a pack that is needed is missing',
    damage: async (repository) => repository.backend.remove('pack', packOf(repository, 'data').id),
    message: /pack [0-9a-f]{8} with needed data cannot be found/,
  },
  {
    what: 'a pack that is needed is truncated',
    damage: async (repository) =>
      alterFile(repository.backend, 'pack', packOf(repository, 'data').id, (content) => content.subarray(0, -1)),
    message: /bytes instead of \d+: it is truncated/,
  },
]

test.each(DAMAGES)('nothing is changed when $what', async ({ damage, message }) => {
  const { repository, snapshots } = await makeForgotten()
  await damage(repository, snapshots)
  const files = () => Promise.all((['pack', 'index', 'snapshot'] as const).map((kind) => names(repository, kind)))
  const before = await files()
  const attempt = planPrune(repository)
  await expect(attempt).rejects.toThrow(PruneRefusedError)
  await expect(attempt).rejects.toThrow(message)
  await expect(attempt).rejects.toMatchObject({ hint: expect.stringContaining('hikae') })
  expect(await files()).toEqual(before)
})

describe('while it works', () => {
  test('packs that cannot be deleted are reported, and the repository is whole', async () => {
    class Stubborn extends MemoryBackend {
      stubborn: string | undefined
      override async remove(kind: FileKind, name: string, signal?: AbortSignal): Promise<void> {
        if (name === this.stubborn) throw new BackendError('the disk is read-only by now')
        await super.remove(kind, name, signal)
      }
    }
    const backend = new Stubborn()
    const { repository, snapshots } = await makeForgotten({ backend })
    const plan = await planPrune(repository)
    backend.stubborn = plan.repack[0]!.id
    const report = await prune(repository, plan)
    expect(report).toMatchObject({ outcome: 'incomplete', removedPacks: 1 })
    expect(report.failures).toMatchObject([
      { pack: backend.stubborn, error: { message: 'the disk is read-only by now' } },
    ])
    backend.stubborn = undefined
    const { plan: next } = await pruned(repository)
    expect(next.unindexed).toHaveLength(1)
    await expectWhole(repository, snapshots)
  })

  test('a needed blob of which there is no good copy ends it before anything is deleted', async () => {
    const { repository, snapshots } = await makeForgotten()
    const [snapshot] = snapshots
    const { nodes } = await repository.readTree(snapshot!.tree)
    const [needed] = nodes.flatMap(({ content }) => content ?? [])
    const { pack, offset } = repository.index.find('data', needed!)!
    await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
    const before = await names(repository, 'pack')
    const plan = await planPrune(repository)
    await expect(prune(repository, plan)).rejects.toMatchObject({
      code: 'DAMAGED',
      hint: expect.stringContaining(`hikae repair packs ${pack}`),
    })
    expect(await names(repository, 'pack')).toEqual(expect.arrayContaining(before))
    const { errors } = await check(repository, { readData: 'all' })
    expect(errors.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['pack-damaged']))
  })

  test('a lost lock stops it before anything is deleted', async () => {
    class Watching extends MemoryBackend {
      readonly stop = new AbortController()
      readonly removed: string[] = []
      override async write(kind: FileKind, name: string, ...rest: [Uint8Array]): Promise<void> {
        await super.write(kind, name, ...rest)
        if (this.armed && kind === 'index') this.stop.abort(new Error('the lock was lost'))
      }
      override async remove(kind: FileKind, name: string): Promise<void> {
        if (this.armed) this.removed.push(`${kind} ${name}`)
        await super.remove(kind, name)
      }
      armed = false
    }
    const backend = new Watching()
    const { repository, snapshots } = await makeForgotten({ backend })
    const plan = await planPrune(repository)
    backend.armed = true
    await expect(prune(repository, plan, { signal: backend.stop.signal })).rejects.toThrow('the lock was lost')
    expect(backend.removed).toEqual([])
    backend.armed = false
    await pruned(repository)
    await expectWhole(repository, snapshots)
  })

  test('a new pack that does not arrive whole keeps the old ones', async () => {
    class Losing extends MemoryBackend {
      isLosing = false
      override async size(kind: FileKind, name: string): Promise<number> {
        const size = await super.size(kind, name)
        return this.isLosing && kind === 'pack' ? size - 1 : size
      }
    }
    const backend = new Losing()
    const { repository, snapshots } = await makeForgotten({ backend })
    const before = await names(repository, 'pack')
    const plan = await planPrune(repository)
    backend.isLosing = true
    await expect(prune(repository, plan)).rejects.toThrow('nothing old was deleted')
    expect(await names(repository, 'pack')).toEqual(expect.arrayContaining(before))
    backend.isLosing = false
    await pruned(repository)
    await expectWhole(repository, snapshots)
  })

  test('with little room what is not needed goes first, and what does not fit stays', async () => {
    class Small extends MemoryBackend {
      free = 0
      async freeBytes(): Promise<number> {
        return this.free
      }
    }
    const backend = new Small()
    const { repository, snapshots } = await makeForgotten({ backend })
    const filler = new RepositoryFiller(repository)
    await filler.addBlob('data', Buffer.from('nobody needs this'))
    await filler.finish()
    const { plan, report } = await pruned(repository)
    expect(report).toMatchObject({ outcome: 'incomplete', removedPacks: 1, repackedPacks: 0 })
    const ids = (packs: readonly { id: PackId }[]) => packs.map(({ id }) => id)
    expect(ids(report.leftForLackOfSpace)).toEqual(ids(plan.repack))
    expect((await check(repository, { readData: 'all' })).errors).toEqual([])
    backend.free = 100 * 1024 * 1024
    expect((await pruned(repository)).report.outcome).toBe('succeeded')
    await expectWhole(repository, snapshots)
  })
})

test('a repository without anything is pruned too', async () => {
  const repository = await makeRepository()
  const { plan, report } = await pruned(repository)
  expect(plan.statistics.packs.kept).toBe(0)
  expect(report.outcome).toBe('succeeded')
})
