import { mkdir, writeFile } from 'node:fs/promises'
import { test as base } from 'vitest'
import { acquireLock, openLocalBackend, openRepository, upgradeToVersion2, type Repository } from '@hikae/engine'
import {
  availableRestics,
  compareTrees,
  makeCheapRepository,
  makeTempDir,
  randomBytesOf,
  Restic,
  skipBecause,
} from '@hikae/testkit'

const PASSWORD = 'correct horse'

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return dir
})
// oxlint-enable no-empty-pattern

const binaries = await availableRestics()
const noRestic = skipBecause(
  binaries.length === 0 ? 'no restic: install it or run script/fetch-program restic' : undefined,
)

async function withRepository<Result>(
  folder: string,
  work: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  await using repository = await openRepository(await openLocalBackend(folder), { password: PASSWORD })
  await using _lock = await acquireLock(repository, 'exclusive')
  return await work(repository)
}

test.skipIf(noRestic).for(binaries)(
  'restic $version goes on with a repository of its own that we upgraded, and compresses it',
  async (binary, { dir, expect }) => {
    const [location, tree] = [dir.join('repository'), dir.join('tree')]
    await makeCheapRepository(location, PASSWORD, { version: 1 })
    const restic = new Restic({ binary, repository: location, password: PASSWORD })
    await mkdir(tree)
    await writeFile(`${tree}/text`, 'all work and no play\n'.repeat(100_000))
    await writeFile(`${tree}/noise`, randomBytesOf('noise', 1_000_000))
    await restic.backup(['.'], ['--host', 'here'], { cwd: tree })
    const before = JSON.parse((await restic.cat('config')).toString()) as object

    const keepConfig = async () => 'nowhere'
    expect(await withRepository(location, (repository) => upgradeToVersion2(repository, { keepConfig }))).toBe(true)
    expect(JSON.parse((await restic.cat('config')).toString())).toEqual({ ...before, version: 2 })
    expect((await restic.ok(['migrate'])).stdout).not.toContain('upgrade_repo_v2')
    await restic.check()
    await restic.backup(['.'], ['--host', 'here'], { cwd: tree })
    const [first, second] = await restic.snapshots()
    expect(second!.tree).toBe(first!.tree)

    await restic.ok(['prune', '--repack-uncompressed'])
    await restic.check()
    await restic.restore('latest', dir.join('restored'))
    expect(await compareTrees(tree, dir.join('restored'), { root: false })).toEqual([])
    const lengths = await withRepository(location, async (repository) => {
      const index = await repository.loadIndex()
      return [...index.blobs()].map(({ length, uncompressedLength }) => ({ length, uncompressedLength }))
    })
    expect(lengths.every(({ uncompressedLength }) => uncompressedLength > 0)).toBe(true)
    const bytes = lengths.reduce((sum, { length }) => sum + length, 0)
    expect(bytes).toBeLessThan(1_100_000)
  },
)
