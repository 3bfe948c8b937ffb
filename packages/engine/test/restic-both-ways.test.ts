import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import {
  lockAndLoad,
  RepositoryMissingError,
  type BackupOptions,
  type BackupReport,
  type Repository,
} from '@hikae/engine'
import {
  compareTrees,
  isRoot,
  makeCheapRepository,
  makeHostileTree,
  makeTempDir,
  missingPrograms,
  randomBytesOf,
  Restic,
  skipBecause,
  type ResticBinary,
} from '@hikae/testkit'
import { backUpContent, noRestic, openAt, resticAt, restics, test as base } from './support/beside-restic.ts'
import { PASSWORD } from './support/ground.ts'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('tree', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await makeHostileTree(dir.path)
    return dir.path
  })
  .extend('smallTree', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await makeHostileTree(dir.path, { size: 'small' })
    return dir.path
  })
// oxlint-enable no-empty-pattern

const noTools = skipBecause(await missingPrograms('bash', 'getfattr', 'setfattr', 'setfacl'))

/** Older ones have `rebuild-index`, and odder ways. */
const isRecent = ({ version }: ResticBinary): boolean => version.localeCompare('0.16', 'en', { numeric: true }) >= 0

describe.skipIf(noRestic || noTools || !isRoot()).concurrent('with the hostile tree', () => {
  test('the newest restic checks what the engine stored, and restores it whole', async ({ tree, dir, expect }) => {
    const report = await store(tree, dir.join('repository'))
    expect(report).toMatchObject({ outcome: 'succeeded', unreadable: [] })
    const restic = resticAt(dir.join('repository'))
    await restic.check()
    await restic.restore('latest', dir.join('restored'))
    const differences = await compareTrees(tree, dir.join('restored'), { without: isSocket, root: false })
    // Restic knows no hard links of anything but files, whoever stored them.
    expect(differences.map(({ path, what }) => `${what} ${path}`)).toEqual([
      'sameFile links elsewhere/same symlink',
      'sameFile links/to a file',
      'sameFile specials/fifo',
      'sameFile specials/same fifo',
    ])
  })

  test.for(restics)(
    'restic $version restores of it what it restores of its own',
    async (binary, { tree, dir, expect }) => {
      const restic = resticAt(dir.join('repository'), { binary })
      await restic.initWithCheapKey()
      await restic.backup(['.'], ['--host', 'here'], { cwd: tree })
      await restic.restore('latest', dir.join('own'))
      await store(tree, dir.join('repository'), { force: true })
      await restic.check()
      await restic.restore('latest', dir.join('ours'))
      // Restic 0.14 keeps no attributes of links, and gives those in our snapshot to what the link points at.
      const without = isRecent(binary) ? undefined : (path: string) => /^attributes\/(file|link)$/.test(path)
      const options = { root: false, ...(without ? { without } : {}) }
      expect(await compareTrees(dir.join('own'), dir.join('ours'), options)).toEqual([])
    },
  )

  test('the tree has the same id from the engine as from restic, whoever comes first', async ({
    tree,
    dir,
    expect,
  }) => {
    for (const first of ['engine', 'restic'] as const) {
      const restic = resticAt(dir.join(first))
      let report: BackupReport
      if (first === 'engine') {
        report = await store(tree, dir.join(first))
        await restic.backup(['.'], ['--host', 'here'], { cwd: tree })
      } else {
        await restic.initCheaply()
        await restic.backup(['.'], ['--host', 'here'], { cwd: tree })
        report = await store(tree, dir.join(first))
      }
      const snapshots = await restic.snapshots()
      expect(new Set(snapshots.map((snapshot) => snapshot.tree))).toEqual(new Set([report.tree]))
      const [, later] = await Promise.all(snapshots.map(({ id }) => summaryOf(restic, id)))
      expect(later).toMatchObject({ data_blobs: 0, tree_blobs: 0, data_added: 0, files_new: 0, files_changed: 0 })
      await restic.check()
    }
  })

  test('reading everything again next to restic adds nothing either: all cuts are the same', async ({
    tree,
    dir,
    expect,
  }) => {
    const restic = resticAt(dir.join('repository'))
    await restic.initCheaply()
    await restic.backup(['.'], [], { cwd: tree })
    const report = await store(tree, dir.join('repository'), { force: true })
    expect(report.repositories[0]?.summary).toMatchObject({ dataBlobs: 0, treeBlobs: 0, dataAdded: 0 })
    expect(report.bytesDeduplicated).toBeGreaterThan(50_000_000)
  })

  test('restic rewrites the trees of the engine, because they are what it would have written', async ({
    smallTree,
    dir,
    expect,
  }) => {
    await store(smallTree, dir.join('repository'))
    const restic = resticAt(dir.join('repository'))
    await restic.ok(['rewrite', '--exclude', '/contents', 'latest'])
    const rewritten = (await restic.snapshots()).find(({ original }) => original !== undefined)
    expect(rewritten?.tags).toContain('rewrite')
    expect(await restic.ls(rewritten!.id, ['/contents'])).toEqual([])
    await restic.check()
  })

  test.for(restics)(
    'restic $version prunes, repairs the index of and copies what the engine stored',
    async (binary, { smallTree, dir, expect }) => {
      const repository = dir.join('repository')
      await mkdir(dir.join('small'))
      await writeFile(dir.join('small', 'file'), randomBytesOf('small', 3_000_000))
      await store(dir.join('small'), repository)
      await store(smallTree, repository)
      const restic = resticAt(repository, { binary })
      const [small, whole] = await restic.snapshots()
      await restic.ok(['forget', '--prune', '--max-unused', '0', small!.id])
      await restic.check()
      const repair = isRecent(binary) ? ['repair', 'index', '--read-all-packs'] : ['rebuild-index', '--read-all-packs']
      await restic.ok(repair)
      await restic.check()
      const copy = new Restic({
        binary,
        repository: dir.join('copy'),
        password: 'another',
        env: { RESTIC_FROM_PASSWORD: PASSWORD, RESTIC_FROM_REPOSITORY: repository },
      })
      await copy.initWithCheapKey(['--copy-chunker-params'])
      await copy.ok(['copy'])
      await copy.check()
      expect((await copy.snapshots()).map((snapshot) => snapshot.tree)).toEqual([whole!.tree])
      const again = await store(smallTree, repository)
      expect(again.repositories[0]?.summary).toMatchObject({ dataBlobs: 0, dataAdded: 0 })
    },
  )
})

describe.skipIf(noRestic || noTools).concurrent('repositories of version 1', () => {
  test.for(restics)('made by restic $version take our snapshots, uncompressed', async (binary, { dir, expect }) => {
    await mkdir(dir.join('tree'))
    await writeFile(dir.join('tree', 'zeros'), Buffer.alloc(3_000_000))
    await writeFile(dir.join('tree', 'noise'), randomBytesOf('noise', 2_000_000))
    const restic = resticAt(dir.join('repository'), { binary })
    await restic.initWithCheapKey(['--repository-version', '1'])
    const report = await store(dir.join('tree'), dir.join('repository'))
    expect(report.outcome).toBe('succeeded')
    const { dataAdded, dataAddedPacked } = report.repositories[0]!.summary
    expect(dataAddedPacked).toBeGreaterThanOrEqual(dataAdded)
    await restic.check()
    await restic.restore('latest', dir.join('restored'))
    expect(await compareTrees(dir.join('tree'), dir.join('restored'), { root: false })).toEqual([])
    await restic.backup(['.'], ['--host', 'here'], { cwd: dir.join('tree') })
    expect((await restic.snapshots()).map((snapshot) => snapshot.tree)).toEqual([report.tree, report.tree])
  })
})

/** Backs the content of `tree` up as a stock restic would that runs in it with `.`; the repository is made when absent. */
async function store(tree: string, location: string, options: Partial<BackupOptions> = {}): Promise<BackupReport> {
  await using repository = await openOrInit(location)
  await using _lock = await lockAndLoad(repository, 'shared')
  return await backUpContent(repository, tree, options)
}

async function openOrInit(location: string): Promise<Repository> {
  try {
    return await openAt(location)
  } catch (error) {
    if (!(error instanceof RepositoryMissingError)) throw error
    await makeCheapRepository(location, PASSWORD)
    return await openAt(location)
  }
}

async function summaryOf(restic: Restic, id: string): Promise<unknown> {
  const snapshot = JSON.parse((await restic.cat('snapshot', id)).toString()) as { summary?: unknown }
  return snapshot.summary
}

function isSocket(path: string): boolean {
  return path === join('specials', 'socket')
}
