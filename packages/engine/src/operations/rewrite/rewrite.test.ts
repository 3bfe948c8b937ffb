import { describe, expect, test } from 'vitest'
import { sha256Id } from '../../crypto/hash.ts'
import { formatTime } from '../../json/go-time.ts'
import {
  alterFile,
  flipBit,
  makeFilledRepository,
  RepositoryFiller,
  type TreeSpec,
} from '../../repository/fixture.test.support.ts'
import { LockLostError } from '../../repository/lock-error.ts'
import type { Repository } from '../../repository/repository.ts'
import type { SnapshotSummary } from '../../snapshot/snapshot.ts'
import { check } from '../check/check.ts'
import { listTree } from '../list-tree.ts'
import { rewrite } from './rewrite.ts'

const SPEC = { keep: 'kept', dir: { secret: 'key', other: 'other' }, Secret: 'upper case' } satisfies TreeSpec
const EXCLUDE = { exclude: { patterns: ['secret'] } }

async function rewriteAll(repository: Repository, options: Partial<Parameters<typeof rewrite>[2]>) {
  const report = await rewrite(repository, await repository.snapshots(), { originals: 'keep', ...options })
  await repository.loadIndex()
  expect((await check(repository)).errors).toEqual([])
  return report
}

async function pathsOf(repository: Repository, at: number): Promise<string[]> {
  const snapshot = (await repository.snapshots())[at]!
  const paths: string[] = []
  for await (const { path } of listTree(repository, snapshot, { recursive: true })) paths.push(path)
  return paths
}

describe('excluding', () => {
  test('makes a snapshot with a tag beside the original, which names it', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    const report = await rewriteAll(repository, EXCLUDE)
    const [old, replacement] = [...(await repository.snapshots())].sort((a) => (a.id === snapshots[0]!.id ? -1 : 1))
    expect(report.snapshots).toEqual([
      { old: snapshots[0], outcome: 'rewritten', replacement: replacement!.id, removed: false },
    ])
    expect(old).toEqual(snapshots[0])
    const { id: _, tree: __, summary, ...rest } = replacement!
    expect(rest).toEqual({
      time: old!.time,
      paths: ['/'],
      hostname: 'host',
      username: 'user',
      original: old!.id,
      tags: ['rewrite'],
    })
    expect(summary).toMatchObject({ totalFilesProcessed: 3, totalBytesProcessed: 19, filesNew: 0 })
  })

  test('with the originals removed leaves no tag', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { keep: '2' }])
    const report = await rewriteAll(repository, { ...EXCLUDE, originals: 'remove' })
    expect(report.snapshots).toMatchObject([
      { outcome: 'rewritten', removed: true },
      { outcome: 'unchanged', removed: false },
    ])
    const left = await repository.snapshots()
    expect(left[0]).toMatchObject({ id: report.snapshots[0]!.replacement, original: snapshots[0]!.id })
    expect(left[0]!.tags).toBeUndefined()
    expect(left[1]).toEqual(snapshots[1])
    expect(await pathsOf(repository, 0)).toEqual(['/Secret', '/dir', '/dir/other', '/keep'])
  })

  test('names each entry once, in the first snapshot that has it', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { ...SPEC, more: { secret: { a: 'a' } } }])
    const excluded: string[] = []
    await rewriteAll(repository, {
      ...EXCLUDE,
      onExcluded: (path, { id }) => excluded.push(`${snapshots.findIndex((one) => one.id === id)} ${path}`),
    })
    expect(excluded).toEqual(['0 /dir/secret', '1 /more/secret'])
  })

  test('can ignore upper and lower case, and read patterns from files', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const content = Buffer.from('# comment\n/dir\n')
    const exclude = { ignoringCase: ['secret'], files: [{ name: 'patterns', content }] }
    await rewriteAll(repository, { exclude, originals: 'remove' })
    expect(await pathsOf(repository, 0)).toEqual(['/keep'])
  })

  test('twice makes no second copy, with or without originals', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    const first = await rewriteAll(repository, EXCLUDE)
    const again = await rewriteAll(repository, EXCLUDE)
    const { replacement } = first.snapshots[0]!
    expect(again.snapshots.map(({ outcome }) => outcome).sort()).toEqual(['rewritten', 'unchanged'])
    expect(again.snapshots.find(({ outcome }) => outcome === 'rewritten')!.replacement).toBe(replacement)
    await rewriteAll(repository, { ...EXCLUDE, originals: 'remove' })
    expect((await repository.snapshots()).map(({ id }) => id)).toEqual([replacement])
  })

  test('in a dry run tells the same and stores nothing', async () => {
    const { repository } = await makeFilledRepository([SPEC, { secret: 's' }])
    const before = await filesOf(repository)
    const report = await rewriteAll(repository, { ...EXCLUDE, originals: 'remove', dryRun: true })
    expect(report.snapshots).toMatchObject([
      { outcome: 'rewritten', removed: true },
      { outcome: 'empty', removed: true },
    ])
    expect(report.snapshots[0]).not.toHaveProperty('replacement')
    expect(await filesOf(repository)).toEqual(before)
  })

  test('corrects the totals of a summary and leaves what the backup counted', async () => {
    const repository = (await makeFilledRepository([])).repository
    const filler = new RepositoryFiller(repository)
    const tree = await filler.addTree(SPEC)
    await filler.finish()
    const summary = { ...noCounts(), filesNew: 4, dataAdded: 99, totalFilesProcessed: 4, totalBytesProcessed: 22 }
    await filler.addSnapshot(tree, { summary })
    await rewriteAll(repository, { ...EXCLUDE, originals: 'remove' })
    const [snapshot] = await repository.snapshots()
    expect(snapshot!.summary).toEqual({ ...summary, totalFilesProcessed: 3, totalBytesProcessed: 19 })
  })
})

test('including keeps what is meant, and the directories above it', async () => {
  const { repository } = await makeFilledRepository([{ ...SPEC, empty: {}, far: { a: { b: 'x' } } }])
  await rewriteAll(repository, { include: { patterns: ['/dir/other'] }, originals: 'remove' })
  expect(await pathsOf(repository, 0)).toEqual(['/dir', '/dir/other'])
})

describe('a snapshot in which nothing would be left', () => {
  test('stays when originals are kept, and no empty one is made', async () => {
    const { repository, snapshots } = await makeFilledRepository([{ dir: { secret: 'x' } }, SPEC])
    const report = await rewriteAll(repository, EXCLUDE)
    expect(report.snapshots[0]).toEqual({ old: snapshots[0], outcome: 'empty', removed: false })
    expect(await repository.snapshots()).toHaveLength(3)
  })

  test('is removed with the originals', async () => {
    const { repository } = await makeFilledRepository([{ dir: { secret: 'x' } }, SPEC])
    const report = await rewriteAll(repository, { ...EXCLUDE, originals: 'remove' })
    expect(report.snapshots[0]).toMatchObject({ outcome: 'empty', removed: true })
    expect(await repository.snapshots()).toHaveLength(1)
  })

  test('is never the last one to be removed', async () => {
    const { repository, snapshots } = await makeFilledRepository([{ secret: 'x' }, { dir: { secret: 'y' } }])
    const going = rewriteAll(repository, { ...EXCLUDE, originals: 'remove' })
    await expect(going).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('any snapshot'),
    })
    expect(await repository.snapshots()).toEqual(snapshots)
  })

  test('does not count as empty when it holds something else than files', async () => {
    const { repository } = await makeFilledRepository([{ link: { type: 'symlink', linkTarget: 'x' }, secret: 'y' }])
    const report = await rewriteAll(repository, { ...EXCLUDE, originals: 'remove' })
    expect(report.snapshots[0]!.outcome).toBe('rewritten')
  })
})

describe('new facts about a snapshot', () => {
  test('are its host and time; its tree is not even read', async () => {
    const { repository, snapshots } = await makeFilledRepository([SPEC])
    const newTime = 1_700_000_000_123_456_789n
    await rewriteAll(repository, { newHost: 'db1', newTime, originals: 'remove' })
    const [snapshot] = await repository.snapshots()
    expect(snapshot).toMatchObject({ hostname: 'db1', time: formatTime(newTime), tree: snapshots[0]!.tree })
  })

  test('that are no news change nothing', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    expect((await rewriteAll(repository, { newHost: 'host' })).snapshots).toMatchObject([{ outcome: 'unchanged' }])
  })

  test('are its totals, where a summary lacks', async () => {
    const { repository } = await makeFilledRepository([SPEC])
    await rewriteAll(repository, { summary: 'create', originals: 'remove' })
    const [snapshot] = await repository.snapshots()
    expect(snapshot!.summary).toMatchObject({ totalFilesProcessed: 4, totalBytesProcessed: 22 })
    const again = await rewriteAll(repository, { summary: 'create', originals: 'remove' })
    expect(again.snapshots).toMatchObject([{ outcome: 'unchanged' }])
  })
})

test('a snapshot that cannot be rewritten is named and left alone, the others are rewritten', async () => {
  const { repository, snapshots } = await makeFilledRepository([SPEC, { dir: { secret: 's', a: 'b' } }])
  const { pack, offset } = repository.index.find('tree', snapshots[0]!.tree)!
  await alterFile(repository.backend, 'pack', pack, flipBit(offset + 20))
  const report = await rewrite(repository, snapshots, { ...EXCLUDE, originals: 'remove' })
  expect(report.snapshots).toMatchObject([
    { outcome: 'failed', removed: false, error: { code: 'DAMAGED' } },
    { outcome: 'rewritten', removed: true },
  ])
  expect((await repository.snapshots())[0]).toEqual(snapshots[0])
})

test.each(['keep', 'remove'] as const)(
  'a lock that is gone is noticed before a snapshot is stored or removed: originals %s',
  async (originals) => {
    const { repository, snapshots } = await makeFilledRepository([SPEC, { dir: { secret: 'x' } }])
    const confirmLock = async () => {
      throw new LockLostError('the lock is gone')
    }
    const rewriting = rewrite(repository, snapshots, { ...EXCLUDE, originals, confirmLock })
    await expect(rewriting).rejects.toThrow(LockLostError)
    expect(await repository.snapshots()).toEqual(snapshots)
  },
)

test.for([
  [{}, 'nothing to rewrite'],
  [{ include: { patterns: ['a'] }, exclude: { patterns: ['b'] } }, 'cannot be used together'],
  [{ newHost: '' }, 'the new host is empty'],
  [{ exclude: { patterns: ['[a'] } }, 'pattern [a'],
] as const)('options that make no sense are refused: %j', async ([options, message]) => {
  const { repository, snapshots } = await makeFilledRepository([SPEC])
  const refused = rewrite(repository, snapshots, { ...options, originals: 'keep' })
  await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(message) })
})

test('data that is left out is still there until a prune', async () => {
  const { repository } = await makeFilledRepository([SPEC])
  await rewriteAll(repository, { ...EXCLUDE, originals: 'remove' })
  expect(repository.index.has('data', sha256Id(Buffer.from('key')))).toBe(true)
})

function noCounts(): SnapshotSummary {
  const time = '2024-03-01T00:00:00Z'
  return {
    ...{ backupStart: time, backupEnd: time, filesNew: 0, filesChanged: 0, filesUnmodified: 0, dirsNew: 0 },
    ...{ dirsChanged: 0, dirsUnmodified: 0, dataBlobs: 0, treeBlobs: 0, dataAdded: 0, dataAddedPacked: 0 },
    ...{ totalFilesProcessed: 0, totalBytesProcessed: 0 },
  }
}

async function filesOf(repository: Repository): Promise<string[]> {
  const ids = await Promise.all((['snapshot', 'index', 'pack'] as const).map((kind) => repository.listIds(kind)))
  return ids.flat().map(({ id }) => id)
}
