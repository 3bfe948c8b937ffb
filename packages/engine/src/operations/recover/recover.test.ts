import { expect, test } from 'vitest'
import type { BlobId, TreeId } from '../../ids.ts'
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
import { check } from '../check/check.ts'
import { recover, type RecoverOptions } from './recover.ts'

const WHO: RecoverOptions = { hostname: 'here', username: 'me', uid: 7, gid: 8, time: 1_700_000_000_500_000_000n }

const TREES: TreeSpec[] = [
  { shared: { file: ['one ', 'two'] }, only: { first: '1' } },
  { shared: { file: ['one ', 'two'] }, more: { deep: { down: 'more content' } } },
]

async function namesBelow(repository: Repository, id: TreeId): Promise<Record<string, unknown>> {
  const { nodes } = await repository.readTree(id)
  const entries = nodes.map(async ({ name, subtree }) => [
    name,
    subtree ? await namesBelow(repository, subtree) : 'file',
  ])
  return Object.fromEntries((await Promise.all(entries)) as [string, unknown][])
}

test('the trees of lost snapshots become directories of a new one', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  await repository.backend.remove('snapshot', snapshots[0]!.id)
  const { snapshot, ...report } = await recover(repository, WHO)
  const lost = snapshots[0]!.tree
  expect(report).toEqual({
    recovered: [
      {
        id: lost,
        name: lost.slice(0, 8),
        entries: 2,
        firstEntries: ['only', 'shared'],
        files: 2,
        bytes: 8,
        incomplete: 0,
      },
    ],
    trees: 6,
    unreadableTrees: [],
    unreadableSnapshots: [],
    unindexedPacks: 0,
  })
  expect(snapshot).toMatchObject({
    paths: ['/recover'],
    tags: ['recovered'],
    hostname: 'here',
    username: 'me',
    uid: 7,
    gid: 8,
  })
  expect(Date.parse(snapshot!.time)).toBe(1_700_000_000_500)
  await repository.loadIndex()
  expect(await namesBelow(repository, snapshot!.tree)).toEqual({
    [lost.slice(0, 8)]: { only: { first: 'file' }, shared: { file: 'file' } },
  })
  const [node] = (await repository.readTree(snapshot!.tree)).nodes
  expect(node).toMatchObject({ type: 'dir', mode: 0o755, mtime: snapshot!.time, uid: 0, gid: 0, subtree: lost })
  expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], hints: [], snapshots: 2 })
})

test('nothing is stored when nothing is lost, also after a recovery', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  expect(await recover(repository, WHO)).not.toHaveProperty('snapshot')
  await repository.backend.remove('snapshot', snapshots[1]!.id)
  expect(await recover(repository, WHO)).toHaveProperty('snapshot')
  await repository.loadIndex()
  const packs = await repository.listIds('pack')
  const again = await recover(repository, WHO)
  expect(again).toMatchObject({ recovered: [], trees: 7 })
  expect(again).not.toHaveProperty('snapshot')
  expect(await repository.listIds('pack')).toEqual(packs)
})

test('a dry run tells what there is and stores nothing', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  await repository.backend.remove('snapshot', snapshots[0]!.id)
  const report = await recover(repository, { ...WHO, dryRun: true })
  expect(report.recovered).toHaveLength(1)
  expect(report).not.toHaveProperty('snapshot')
  expect(await repository.snapshots()).toHaveLength(1)
})

test('the trees of a snapshot that cannot be read are lost, and it is named', async () => {
  const { repository, snapshots } = await makeFilledRepository(TREES)
  await alterFile(repository.backend, 'snapshot', snapshots[1]!.id, flipBit(20))
  const report = await recover(repository, WHO)
  expect(report.unreadableSnapshots).toEqual([snapshots[1]!.id])
  expect(report.recovered.map(({ id }) => id)).toEqual([snapshots[1]!.tree])
})

test('below a tree that cannot be read, what can be is recovered, and the rest is counted', async () => {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  const dir = (name: string, subtree: TreeId) => makeNode({ name, type: 'dir', subtree })
  const bad = await filler.addBlob('tree', Buffer.from('{"nodes":[{"name":'))
  const absent = 'ab'.repeat(32) as BlobId
  const gone = makeNode({ name: 'gone', type: 'file', size: 5, content: [absent] })
  const root = await filler.addNodes([
    dir('absent', absent),
    dir('bad', bad),
    gone,
    dir('good', await filler.addTree({ a: 'a' })),
  ])
  await filler.finish()
  const report = await recover(repository, WHO)
  expect(report.unreadableTrees.map(({ id }) => id)).toEqual([bad])
  expect(report.recovered).toMatchObject([{ id: root, files: 2, bytes: 6, incomplete: 3 }])
})

test('an unreadable tree does not hide what it listed', async () => {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  const child = await filler.addTree({ a: 'a' })
  await filler.storePacks()
  const root = await filler.addNodes([makeNode({ name: 'child', type: 'dir', subtree: child })])
  await filler.finish()
  await filler.addSnapshot(root)
  const { pack, offset } = repository.index.find('tree', root)!
  await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
  const report = await recover(repository, WHO)
  expect(report.unreadableTrees).toMatchObject([{ id: root, reason: expect.stringContaining('damaged') as string }])
  expect(report.recovered.map(({ id }) => id)).toEqual([child])
})

test('packs that no index names are counted', async () => {
  const { repository } = await makeFilledRepository(TREES)
  const filler = new RepositoryFiller(repository)
  await filler.addTree({ unindexed: 'content' })
  await filler.storePacks()
  expect(await recover(repository, WHO)).toMatchObject({ recovered: [], unindexedPacks: 2 })
})

test('a directory deeper than the stack is summed up', async () => {
  const repository = await makeRepository()
  const filler = new RepositoryFiller(repository)
  let tree = await filler.addTree({ file: '12345' })
  for (let depth = 0; depth < 3000; depth++) {
    const node = makeNode({ name: 'd', type: 'dir', subtree: tree })
    tree = await filler.addNodes([node, { ...node, name: 'e', subtree: tree }].slice(0, depth < 3 ? 2 : 1))
  }
  await filler.finish()
  const report = await recover(repository, WHO)
  expect(report.recovered).toMatchObject([{ id: tree, files: 8, bytes: 40, incomplete: 0 }])
})
