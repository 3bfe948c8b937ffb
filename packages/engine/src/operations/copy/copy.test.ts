import { describe, expect, test } from 'vitest'
import type { Backend } from '../../backend/backend.ts'
import { InvalidInputError } from '../../errors.ts'
import { openRepository } from '../../repository/open.ts'
import {
  alterFile,
  flipBit,
  makeFilledRepository,
  makeNode,
  makeRepository,
  RepositoryFiller,
} from '../../repository/fixture.test.support.ts'
import type { Repository } from '../../repository/repository.ts'
import { encodeSnapshot } from '../../snapshot/codec.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { check } from '../check/check.ts'
import { copySnapshots } from './copy.ts'
import type { CopyOptions, CopyProgress, CopyReport } from './report.ts'

const TREES = [
  { shared: { file: ['one ', 'two'], other: 'content' }, empty: {}, link: { type: 'symlink', linkTarget: 'shared' } },
  { shared: { file: ['one ', 'two'], other: 'content' }, more: { deep: { down: 'more content' } } },
] as const

async function expectWhole(repository: Repository): Promise<void> {
  const { errors, hints } = await check(repository, { readData: 'all' })
  expect({ errors, hints }).toEqual({ errors: [], hints: [] })
}

async function reopened(backend: Backend): Promise<Repository> {
  const repository = await openRepository(backend, { password: 'secret' })
  await repository.loadIndex()
  return repository
}

/** Loads the destination's index afterwards. */
async function copyAndLoad(
  from: Repository,
  to: Repository,
  snapshots: readonly StoredSnapshot[],
  options?: CopyOptions,
): Promise<CopyReport> {
  const report = await copySnapshots(from, to, snapshots, options)
  await to.loadIndex()
  return report
}

describe('copying', () => {
  test('brings every snapshot over with all it needs, each blob once', async () => {
    const { repository: from, snapshots } = await makeFilledRepository(TREES)
    const to = await makeRepository()
    const report = await copyAndLoad(from, to, snapshots)
    expect(report.snapshots.map(({ kind }) => kind)).toEqual(['copied', 'copied'])
    expect(report).toMatchObject({ unreadable: [], blobs: from.index.size })
    expect(to.index.size).toBe(from.index.size)
    await expectWhole(to)
    const copies = await to.snapshots()
    expect(copies).toEqual(
      snapshots.map((snapshot, at) => ({ ...snapshot, id: copies[at]!.id, original: snapshot.id })),
    )
  })

  test('takes only what the snapshots need', async () => {
    const { repository: from, snapshots } = await makeFilledRepository(TREES)
    const to = await makeRepository()
    await copyAndLoad(from, to, [snapshots[0]!])
    expect(await to.snapshots()).toHaveLength(1)
    expect(to.index.size).toBeLessThan(from.index.size)
    await expectWhole(to)
    const second = await copyAndLoad(from, to, snapshots)
    expect(second.snapshots.map(({ kind }) => kind)).toEqual(['present', 'copied'])
    expect(to.index.size).toBe(from.index.size)
    await expectWhole(to)
  })

  test('keeps the name of the first of the line and drops the parent', async () => {
    const { repository: from, snapshots } = await makeFilledRepository(TREES)
    const fields = { ...snapshots[1]!, original: snapshots[0]!.id, parent: snapshots[0]!.id, tags: ['kept'] }
    const id = await from.writeUnpacked('snapshot', encodeSnapshot(fields))
    const to = await makeRepository()
    await copyAndLoad(from, to, [await from.readSnapshot(id)])
    const [copy] = await to.snapshots()
    expect(copy).toMatchObject({ original: snapshots[0]!.id, tags: ['kept'] })
    expect(copy).not.toHaveProperty('parent')
  })

  test('stores nothing when everything is there', async () => {
    const { repository: from, snapshots } = await makeFilledRepository(TREES)
    const to = await makeRepository()
    await copyAndLoad(from, to, snapshots)
    const files = async () => [await to.listIds('pack'), await to.listIds('index'), await to.listIds('snapshot')]
    const before = await files()
    const report = await copyAndLoad(from, to, snapshots)
    expect(report.snapshots.map(({ kind }) => kind)).toEqual(['present', 'present'])
    expect(report).toMatchObject({ blobs: 0, bytesRead: 0, bytesStored: 0 })
    expect(await files()).toEqual(before)
  })

  test.each<[string, Partial<StoredSnapshot>, 'present' | 'copied']>([
    ['the same instant in another zone', { time: '2024-03-01T01:00:00+01:00' }, 'present'],
    ['tags in another order', { tags: ['b', 'a'] }, 'present'],
    ['another program and summary', { programVersion: 'restic 0.18.0' }, 'present'],
    ['other tags', { tags: ['a', 'c'] }, 'copied'],
    ['another instant', { time: '2024-03-01T00:00:01Z' }, 'copied'],
    ['another host', { hostname: 'elsewhere' }, 'copied'],
    ['another user id', { uid: 7 }, 'copied'],
    ['other paths', { paths: ['/', '/srv'] }, 'copied'],
    ['other exclusions', { excludes: ['*.o'] }, 'copied'],
  ])('a snapshot of the same origin with %s', async (_, changed, kind) => {
    const { repository: from, snapshots } = await makeFilledRepository([TREES[0]])
    const { id: origin, ...fields } = snapshots[0]!
    const to = await makeRepository()
    await copyAndLoad(from, to, snapshots)
    for (const { id } of await to.snapshots()) await to.backend.remove('snapshot', id)
    const stored = { ...fields, tags: ['a', 'b'], original: origin }
    await to.writeUnpacked('snapshot', encodeSnapshot({ ...stored, ...changed }))
    const report = await copyAndLoad(from, to, [{ ...fields, id: origin, tags: ['a', 'b'] }])
    expect(report.snapshots.map((outcome) => outcome.kind)).toEqual([kind])
  })

  test('goes from version 1 to 2 compressing, and back', async () => {
    const text = 'all work and no play makes Jack a dull boy. '.repeat(200)
    const { repository: v1, snapshots } = await makeFilledRepository([{ text }], { version: 1 })
    const [v2, kept, back] = [await makeRepository(), await makeRepository(), await makeRepository({ version: 1 })]
    const compressing = await copyAndLoad(v1, v2, snapshots)
    const keeping = await copyAndLoad(v1, kept, snapshots, { compression: 'keep' })
    expect(compressing.bytesStored).toBeLessThan(keeping.bytesStored / 4)
    await copyAndLoad(v2, back, await v2.snapshots())
    for (const repository of [v2, kept, back]) await expectWhole(repository)
    expect([...back.index.blobs()].map(({ uncompressedLength }) => uncompressedLength)).toEqual([0, 0])
    expect((await back.snapshots()).map(({ original, tree }) => ({ original, tree }))).toEqual(
      snapshots.map(({ id, tree }) => ({ original: id, tree })),
    )
  })

  test('tells how far it is, and each outcome', async () => {
    const { repository: from, snapshots } = await makeFilledRepository(TREES)
    const progress: CopyProgress[] = []
    const outcomes: string[] = []
    await copyAndLoad(from, await makeRepository(), snapshots, {
      onProgress: (state) => progress.push(state),
      onSnapshot: ({ kind }) => outcomes.push(kind),
    })
    expect(outcomes).toEqual(['copied', 'copied'])
    const blobs = from.index.size
    expect(progress.at(-1)).toMatchObject({ snapshotsDone: 2, snapshotsTotal: 2, blobsDone: blobs, blobsWanted: blobs })
    expect(progress.at(-1)!.bytesDone).toBe(progress.at(-1)!.bytesWanted)
    expect(progress.at(-1)!.trees).toBe(6)
  })

  test('is refused from a repository to itself', async () => {
    const { repository, snapshots } = await makeFilledRepository(TREES)
    await expect(copySnapshots(repository, repository, snapshots)).rejects.toThrow(InvalidInputError)
  })

  test('recognises a copy although another snapshot of the destination cannot be read', async () => {
    const { repository: from, snapshots } = await makeFilledRepository(TREES)
    const to = await makeRepository()
    const first = await copyAndLoad(from, to, snapshots)
    const [damaged] = first.snapshots.map((outcome) => outcome.kind === 'copied' && outcome.copy.id)
    await alterFile(to.backend, 'snapshot', String(damaged), flipBit(30))
    const report = await copyAndLoad(from, to, snapshots)
    expect(report.unreadable).toEqual([damaged])
    expect(report.snapshots.map(({ kind }) => kind)).toEqual(['copied', 'present'])
  })
})

describe('a damaged source', () => {
  /** Three snapshots; the second has a file of its own, in a pack of its own. */
  async function threeSnapshots(): Promise<{ from: Repository; snapshots: StoredSnapshot[]; pack: string }> {
    const from = await makeRepository()
    const filler = new RepositoryFiller(from)
    const specs = [{ a: 'a' }, { a: 'a', sub: { lost: 'damaged later' } }, { a: 'a', sub: { kept: 'kept' } }]
    const snapshots: StoredSnapshot[] = []
    let pack = ''
    for (const [at, spec] of specs.entries()) {
      const tree = await filler.addTree(spec)
      await filler.storePacks()
      if (at === 1) pack = filler.packs.filter(({ blobs }) => blobs[0]!.type === 'data').at(-1)!.id
      snapshots.push(await filler.addSnapshot(tree, { time: `2024-03-0${at + 1}T00:00:00Z` }))
    }
    await filler.finish()
    return { from, snapshots, pack }
  }

  test('keeps back the snapshots it touches, names the file, and copies the others', async () => {
    const { from, snapshots, pack } = await threeSnapshots()
    await alterFile(from.backend, 'pack', pack, flipBit(20))
    const to = await makeRepository()
    const { snapshots: outcomes } = await copyAndLoad(from, to, snapshots)
    expect(outcomes.map(({ kind }) => kind)).toEqual(['copied', 'damaged', 'copied'])
    expect(outcomes[1]).toMatchObject({
      path: '/sub/lost',
      reason: expect.stringContaining(pack.slice(0, 8)) as string,
    })
    expect(await to.snapshots()).toHaveLength(2)
    await expectWhole(to)
  })

  test('that lost a pack keeps back the snapshots that need it', async () => {
    const { from, snapshots, pack } = await threeSnapshots()
    await from.backend.remove('pack', pack)
    const to = await makeRepository()
    const { snapshots: outcomes } = await copyAndLoad(from, to, snapshots)
    expect(outcomes.map(({ kind }) => kind)).toEqual(['copied', 'damaged', 'copied'])
    await expectWhole(to)
  })

  test('with an unreadable directory keeps back only what is above it', async () => {
    const from = await makeRepository()
    const filler = new RepositoryFiller(from)
    const bad = await filler.addBlob('tree', Buffer.from('{"nodes":[{"name":'))
    const good = await filler.addTree({ file: 'content' })
    const dir = (name: string, subtree: typeof bad) => makeNode({ name, type: 'dir', subtree })
    const roots = [
      await filler.addNodes([dir('good', good)]),
      await filler.addNodes([dir('bad', bad), dir('good', good)]),
      await filler.addNodes([dir('also', await filler.addNodes([dir('bad', bad)]))]),
    ]
    await filler.finish()
    const snapshots: StoredSnapshot[] = []
    for (const root of roots) snapshots.push(await filler.addSnapshot(root))
    const to = await makeRepository()
    const { snapshots: outcomes } = await copyAndLoad(from, to, snapshots)
    expect(outcomes.map((outcome) => (outcome.kind === 'damaged' ? outcome.path : outcome.kind))).toEqual([
      'copied',
      '/bad',
      '/also/bad',
    ])
    await expectWhole(to)
  })

  test('is made up for by what the destination has already', async () => {
    const { from, snapshots, pack } = await threeSnapshots()
    const to = await makeRepository()
    await copyAndLoad(from, to, snapshots)
    for (const { id } of await to.snapshots()) await to.backend.remove('snapshot', id)
    await alterFile(from.backend, 'pack', pack, flipBit(20))
    const treePack = from.index.find('tree', snapshots[1]!.tree)!.pack
    await from.backend.remove('pack', treePack)
    // Without anything that is remembered of earlier reads.
    const again = await copyAndLoad(await reopened(from.backend), to, snapshots)
    expect(again.snapshots.map(({ kind }) => kind)).toEqual(['copied', 'copied', 'copied'])
    await expectWhole(to)
  })
})
