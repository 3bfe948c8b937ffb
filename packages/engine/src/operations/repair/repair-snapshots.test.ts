import { describe, expect, test } from 'vitest'
import { sha256Id } from '../../crypto/hash.ts'
import type { Id, TreeId } from '../../ids.ts'
import { encodeIndex } from '../../index/index-file.ts'
import type { BlobType } from '../../pack/blob.ts'
import {
  alterFile,
  flipBit,
  makeFilledRepository,
  makeNode,
  makeRepository,
  RepositoryFiller,
  type TreeSpec,
} from '../../repository/fixture.test.support.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import type { Node } from '../../tree/node.ts'
import { check } from '../check/check.ts'
import { findDirectory } from '../tree-path.ts'
import { repairSnapshots, type RepairSnapshotsOptions, type SnapshotEntryRepair } from './repair-snapshots.ts'

async function repair(repository: Repository, options: Partial<RepairSnapshotsOptions> = {}) {
  const repairs: SnapshotEntryRepair[] = []
  const report = await repairSnapshots(repository, {
    originals: 'remove',
    ...options,
    onRepair: (one) => repairs.push(one),
  })
  await repository.loadIndex()
  return { report, repairs, told: repairs.map(({ kind, path }) => `${path} ${kind}`) }
}

async function expectWhole(repository: Repository): Promise<StoredSnapshot[]> {
  expect((await check(repository)).errors).toEqual([])
  return await repository.snapshots()
}

/** Blobs of which the index and the packs know nothing any more. */
async function forget(repository: Repository, type: BlobType, ...ids: Id[]): Promise<void> {
  for (const { id, blobs } of [...repository.index.packs()]) {
    if (!blobs.some((blob) => blob.type === type && ids.includes(blob.id))) continue
    const filler = new RepositoryFiller(repository)
    for (const blob of blobs) {
      if (blob.type === type && ids.includes(blob.id)) continue
      await filler.addBlob(blob.type, await repository.readBlob(blob.type, blob.id))
    }
    await filler.storePacks()
    const others = [...repository.index.packs()].filter((pack) => pack.id !== id)
    for (const index of await repository.listIds('index')) await repository.backend.remove('index', index.id)
    await repository.writeUnpacked('index', encodeIndex([...others, ...filler.packs]))
    await repository.backend.remove('pack', id)
    await repository.loadIndex()
  }
}

const cutOff = (content: Buffer): Buffer => content.subarray(0, 50)
const dataId = (text: string): Id => sha256Id(Buffer.from(text))

async function repositoryOf(nodes: readonly Node[]): Promise<{ repository: Repository; snapshot: StoredSnapshot }> {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  const tree = await filler.addNodes(nodes)
  await filler.finish()
  return { repository, snapshot: await filler.addSnapshot(tree) }
}

async function nodesAt(repository: Repository, tree: TreeId, path = '/'): Promise<readonly Node[]> {
  return (await repository.readTree(await findDirectory(repository, tree, path))).nodes
}

const SPEC = {
  file: ['one', 'two', 'three'],
  whole: 'whole',
  dir: { inner: 'inner', deep: { x: 'x' } },
} satisfies TreeSpec

describe('a file', () => {
  test('keeps the content that is left, and gets its size', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    await forget(repository, 'data', dataId('two'))
    const { report, repairs } = await repair(repository)
    expect(repairs).toEqual([
      {
        kind: 'content-lost',
        path: '/file',
        snapshot: snapshots[0],
        ...{ blobsLost: 1, blobsLeft: 2, sizeBefore: 11, sizeAfter: 8 },
      },
    ])
    expect(report).toMatchObject({ entriesHurt: 1, snapshots: [{ outcome: 'repaired', removed: true }] })
    const [snapshot] = await expectWhole(repository)
    expect(snapshot).toMatchObject({ original: snapshots[0]!.id, time: snapshots[0]!.time, tags: ['repaired'] })
    const [, file] = await nodesAt(repository, snapshot!.tree)
    expect(file).toMatchObject({ name: 'file', size: 8, content: [dataId('one'), dataId('three')] })
  })

  test('of which nothing is left is an empty file', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    await forget(repository, 'data', dataId('whole'))
    await repair(repository)
    const [snapshot] = await expectWhole(repository)
    const whole = (await nodesAt(repository, snapshot!.tree)).find(({ name }) => name === 'whole')!
    expect(whole.content).toEqual([])
    expect(whole.size).toBeUndefined()
  })

  test('is named once, in the newest snapshot, and repaired in all', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { ...SPEC, new: 'new' }, { other: 'o' }])
    await forget(repository, 'data', dataId('inner'))
    const { report, repairs } = await repair(repository)
    expect(repairs).toMatchObject([{ path: '/dir/inner', snapshot: { id: snapshots[1]!.id } }])
    expect(report.snapshots.map(({ outcome }) => outcome)).toEqual(['whole', 'repaired', 'repaired'])
    expect(await expectWhole(repository)).toHaveLength(3)
  })

  test('whose size is wrong gets the right one, and has lost nothing', async () => {
    const { repository } = await makeFilledRepository([{ file: 'abc' }])
    const filler = new RepositoryFiller(repository)
    const wrong = await filler.addNodes([makeNode({ name: 'file', type: 'file', content: [dataId('abc')], size: 5 })])
    await filler.finish()
    await filler.addSnapshot(wrong)
    const { report, told } = await repair(repository)
    expect(told).toEqual(['/file size-corrected'])
    expect(report.entriesHurt).toBe(0)
    expect(await expectWhole(repository)).toHaveLength(2)
  })

  test('without a list of content is an empty one', async () => {
    const { repository } = await repositoryOf([makeNode({ name: 'file', type: 'file', content: null, size: 9 })])
    expect((await repair(repository)).told).toEqual(['/file content-lost'])
    await expectWhole(repository)
  })
})

describe('an entry', () => {
  test('that nobody can restore is removed', async () => {
    const { repository } = await repositoryOf([
      makeNode({ name: 'door', type: 'irregular' }),
      makeNode({ name: 'link', type: 'symlink', linkTarget: 'x' }),
    ])
    expect((await repair(repository)).told).toEqual(['/door entry-removed'])
    const [snapshot] = await expectWhole(repository)
    expect((await nodesAt(repository, snapshot!.tree)).map(({ name }) => name)).toEqual(['link'])
  })

  test('without a name is removed', async () => {
    const { repository } = await repositoryOf([makeNode({ name: '', type: 'fifo' })])
    expect((await repair(repository)).told).toEqual(['/ entry-removed'])
    await expectWhole(repository)
  })
})

describe('a directory', () => {
  test('that cannot be listed becomes empty, and all else stays', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    const deep = (await nodesAt(repository, snapshots[0]!.tree, '/dir'))[0]!
    await forget(repository, 'tree', deep.subtree!)
    const { repairs } = await repair(repository)
    expect(repairs).toMatchObject([{ kind: 'directory-emptied', path: '/dir/deep' }])
    const [snapshot] = await expectWhole(repository)
    expect(await nodesAt(repository, snapshot!.tree, '/dir/deep')).toEqual([])
    expect((await nodesAt(repository, snapshot!.tree, '/dir'))[1]).toMatchObject({ name: 'inner', size: 5 })
    expect((await nodesAt(repository, snapshot!.tree, '/dir'))[0]).toEqual({ ...deep, subtree: expect.any(String) })
  })

  test('without a listing becomes empty', async () => {
    const { repository } = await repositoryOf([
      makeNode({ name: 'a', type: 'dir' }),
      makeNode({ name: 'b', type: 'dir', subtree: '0'.repeat(64) as TreeId }),
    ])
    expect((await repair(repository)).told).toEqual(['/a directory-emptied', '/b directory-emptied'])
    await expectWhole(repository)
  })

  test('that is empty in any case is stored again when it cannot be read', async () => {
    const { repository, snapshots } = await makeFilledRepository([{ empty: {}, file: 'x' }])
    const [{ subtree }] = (await nodesAt(repository, snapshots[0]!.tree)) as [Node]
    const { pack, offset } = repository.index.find('tree', subtree!)!
    await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
    const { report, repairs } = await repair(repository)
    expect(repairs).toEqual([])
    expect(report.snapshots).toMatchObject([{ outcome: 'whole', removed: false }])
    expect(await nodesAt(repository, snapshots[0]!.tree, '/empty')).toEqual([])
  })

  test('that another program wrote in its own way is repaired, and what is lost by it is said', async () => {
    const { repository } = await makeFilledRepository([{ file: 'x' }])
    const filler = new RepositoryFiller(repository)
    const json = `{"nodes":[{"name":"f","type":"file","label":"mine","content":["${'ab'.repeat(32)}"]}]}\n`
    const tree = await filler.addBlob('tree', Buffer.from(json))
    await filler.finish()
    await filler.addSnapshot(tree)
    expect((await repair(repository)).told).toEqual(['/f content-lost', '/ unknown-dropped'])
    await expectWhole(repository)
  })
})

describe('a snapshot', () => {
  async function withLostRoot() {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { file: 'other' }])
    await forget(repository, 'tree', snapshots[0]!.tree)
    return { repository, snapshots }
  }

  test('whose first directory is lost is named, and removed with the originals only', async () => {
    const { repository, snapshots } = await withLostRoot()
    const { report } = await repair(repository, { originals: 'keep' })
    expect(report.snapshots[1]).toMatchObject({ old: snapshots[0], outcome: 'lost', removed: false })
    expect(report.snapshots[1]!.reason).toContain('is in no index')
    expect(await repository.snapshots()).toHaveLength(2)
    expect((await repair(repository)).report.snapshots[1]).toMatchObject({ outcome: 'lost', removed: true })
    expect(await expectWhole(repository)).toEqual([snapshots[1]])
  })

  test('whose first directory is a lost subdirectory of another is lost all the same', async () => {
    const { repository, snapshots } = await withLostRoot()
    const filler = new RepositoryFiller(repository)
    const above = await filler.addNodes([makeNode({ name: 'sub', type: 'dir', subtree: snapshots[0]!.tree })])
    await filler.finish()
    await filler.addSnapshot(above, { time: '2030-01-01T00:00:00Z' })
    const { report } = await repair(repository)
    expect(report.snapshots.map(({ outcome }) => outcome)).toEqual(['repaired', 'whole', 'lost'])
    await expectWhole(repository)
  })

  test('that cannot be read is named, and removed with the originals only', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { file: 'other' }])
    await alterFile(repository.backend, 'snapshot', snapshots[0]!.id, cutOff)
    const { report } = await repair(repository, { originals: 'keep' })
    expect(report.unreadable).toMatchObject([{ id: snapshots[0]!.id, removed: false }])
    expect((await repair(repository, { dryRun: true })).report.unreadable).toMatchObject([{ removed: true }])
    expect(await repository.listIds('snapshot')).toHaveLength(2)
    await repair(repository)
    expect(await expectWhole(repository)).toEqual([snapshots[1]])
  })

  test.for([0, 16, 40, -1])('of which a bit is wrong is as it was: byte %i', async (at) => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { file: 'other' }])
    await alterFile(repository.backend, 'snapshot', snapshots[0]!.id, flipBit(at))
    const seen = await repair(repository, { dryRun: true })
    expect(seen.report).toMatchObject({ healed: [snapshots[0]!.id], unreadable: [] })
    await expect(repository.readSnapshot(snapshots[0]!.id)).rejects.toThrow('is damaged')
    expect((await repair(repository, { originals: 'keep' })).report.healed).toEqual([snapshots[0]!.id])
    expect(await expectWhole(repository)).toEqual(snapshots)
  })

  test('that cannot be read is left alone when others were chosen', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { file: 'other' }])
    await alterFile(repository.backend, 'snapshot', snapshots[0]!.id, cutOff)
    expect((await repair(repository, { snapshots: [snapshots[1]!] })).report.unreadable).toEqual([])
    expect(await repository.listIds('snapshot')).toHaveLength(2)
  })

  test('that is damaged stays beside the repaired one, which has a tag, and is not repaired twice', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    await forget(repository, 'data', dataId('one'))
    const { report } = await repair(repository, { originals: 'keep' })
    const stored = await repository.snapshots()
    const replacement = stored.find(({ id }) => id === report.snapshots[0]!.replacement)!
    expect(replacement).toMatchObject({ tags: ['repaired'], original: snapshots[0]!.id })
    await repair(repository, { originals: 'keep' })
    expect(await repository.snapshots()).toHaveLength(2)
    await repair(repository)
    expect(await expectWhole(repository)).toEqual([replacement])
  })
})

test('a dry run tells the same and stores nothing', async () => {
  const { repository, snapshots } = await makeFilledRepository([SPEC])
  await forget(repository, 'data', dataId('one'))
  const packs = await repository.listIds('pack')
  const { report, told } = await repair(repository, { dryRun: true })
  expect(told).toEqual(['/file content-lost'])
  expect(report.snapshots).toEqual([{ old: snapshots[0], outcome: 'repaired', removed: true }])
  expect(await repository.listIds('pack')).toEqual(packs)
  expect(await repository.snapshots()).toEqual(snapshots)
})

test('a whole repository is left as it is', async () => {
  const { repository, snapshots } = await makeFilledRepository([SPEC, {}])
  const { report, repairs } = await repair(repository)
  expect(repairs).toEqual([])
  expect(report).toMatchObject({
    unreadable: [],
    entriesHurt: 0,
    snapshots: [{ outcome: 'whole' }, { outcome: 'whole' }],
  })
  expect(await repository.snapshots()).toEqual(snapshots)
})

test('missing content that is backed up again heals every snapshot: nothing has to be given up', async () => {
  const { repository, snapshots } = await makeFilledRepository([SPEC])
  await forget(repository, 'data', dataId('two'))
  const filler = new RepositoryFiller(repository)
  await filler.addBlob('data', Buffer.from('two'))
  await filler.finish()
  expect((await repair(repository)).repairs).toEqual([])
  expect(await expectWhole(repository)).toEqual(snapshots)
})

describe('nothing is given up', () => {
  test('while a pack lies there that no index names', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    for (const { id } of await repository.listIds('index')) await repository.backend.remove('index', id)
    await repository.loadIndex()
    const refused = repair(repository)
    await expect(refused).rejects.toMatchObject({ code: 'INDEX_NOT_READY', hint: 'run `hikae repair index` first' })
    expect(await repository.snapshots()).toEqual(snapshots)
  })

  test('while the index names packs that are missing or damaged', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const pack = repository.index.find('data', dataId('one'))!.pack
    await alterFile(repository.backend, 'pack', pack, (content) => content.subarray(0, 60))
    await expect(repair(repository)).rejects.toMatchObject({ hint: expect.stringContaining('hikae repair packs') })
    await repository.backend.remove('pack', pack)
    await expect(repair(repository)).rejects.toMatchObject({ hint: 'run `hikae repair index` first' })
  })
})
