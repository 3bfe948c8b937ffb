import { chmod, cp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { check, lockAndLoad, repairIndex, repairPacks, repairSnapshots, type PackId } from '@hikae/engine'
import {
  compareTrees,
  findRestic,
  makeTempDir,
  randomBytesOf,
  skipBecause,
  type Restic,
  type TempDir,
} from '@hikae/testkit'
import { backUpContent, openAt, resticAt as resticIn, test as base } from './support/beside-restic.ts'

const binary = await findRestic('0.17.0')
const noRestic = skipBecause(binary === undefined ? 'no restic 0.17: run script/fetch-program restic' : undefined)

/** Files of the repository that a damage is done to. */
interface Parts {
  readonly repository: string
  readonly indexes: readonly string[]
  /** Packs that the newer backup stored: that with the most blobs of data, and one of directories. */
  readonly data: string
  /** In the middle of the last blob of `data`. */
  readonly insideLastBlob: number
  readonly tree: string
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base.extend('original', { scope: 'file' }, async ({}, { onCleanup }) => {
  const dir = await makeTempDir()
  onCleanup(() => dir[Symbol.asyncDispose]())
  return await makeOriginal(dir)
})
// oxlint-enable no-empty-pattern

interface Original {
  readonly dir: TempDir
  readonly source: string
  readonly parts: Parts
}

/** Two backups, the second of which has its own pack of data and of directories. */
async function makeOriginal(dir: TempDir): Promise<Original> {
  const source = dir.join('source')
  await cp(import.meta.dirname, join(source, 'sub', 'tests'), { recursive: true })
  await writeFile(join(source, 'older'), randomBytesOf('older', 3_000_000))
  const restic = resticAt(dir.join('repository'))
  await restic.initCheaply()
  await restic.backup(['.'], ['--host', 'here'], { cwd: source })
  const before = await packsIn(restic.repository)
  await writeFile(join(source, 'newer'), randomBytesOf('newer', 12_000_000))
  await restic.backup(['.'], ['--host', 'here'], { cwd: source })
  const added = (await packsIn(restic.repository)).filter((pack) => !before.includes(pack))
  await using repository = await openAt(restic.repository)
  await repository.loadIndex()
  // Restic spreads blobs over packs by chance.
  const packOf = (type: 'data' | 'tree') =>
    [...repository.index.packs()]
      .filter(({ id, blobs }) => added.includes(id) && blobs[0]!.type === type)
      .toSorted((one, two) => two.blobs.length - one.blobs.length)[0]!
  const data = packOf('data')
  const last = data.blobs.toSorted((one, two) => two.offset - one.offset)[0]!
  return {
    dir,
    source,
    parts: {
      repository: restic.repository,
      indexes: await readdir(join(restic.repository, 'index')),
      data: data.id,
      insideLastBlob: last.offset + Math.floor(last.length / 2),
      tree: packOf('tree').id,
    },
  }
}

interface Damage {
  readonly name: string
  readonly inflict: (parts: Parts) => Promise<void>
  /** What is left of the two snapshots, once repaired. */
  readonly left: 'everything' | 'most'
  /** Restic's repair gives up more here. */
  readonly resticLosesMore?: boolean
  /** Have each repair once more what the other has repaired: of each sort of damage one, since it takes its time. */
  readonly crossed?: boolean
}

const damages: readonly Damage[] = [
  {
    name: 'the index is gone',
    inflict: async ({ repository, indexes }) => {
      for (const name of indexes) await rm(join(repository, 'index', name))
    },
    left: 'everything',
  },
  {
    name: 'an index file has a wrong bit',
    inflict: async ({ repository, indexes }) => await flip(join(repository, 'index', indexes[0]!), 50),
    crossed: true,
    left: 'everything',
  },
  {
    name: 'an index file is cut off',
    inflict: async ({ repository, indexes }) => {
      await chmod(join(repository, 'index', indexes[0]!), 0o600)
      await truncate(join(repository, 'index', indexes[0]!), 100)
    },
    left: 'everything',
  },
  {
    name: 'a pack has a wrong bit in its header',
    inflict: async ({ repository, data }) => await flip(packPath(repository, data), -20),
    crossed: true,
    left: 'everything',
  },
  {
    name: 'a pack has a wrong bit in its data',
    inflict: async ({ repository, data }) => await flip(packPath(repository, data), 5000),
    left: 'most',
  },
  {
    name: 'a pack is cut off',
    inflict: async ({ repository, data, insideLastBlob }) => {
      await chmod(packPath(repository, data), 0o600)
      await truncate(packPath(repository, data), insideLastBlob)
    },
    crossed: true,
    left: 'most',
    resticLosesMore: true,
  },
  {
    name: 'a pack with data is missing',
    inflict: async ({ repository, data }) => await rm(packPath(repository, data)),
    left: 'most',
  },
  {
    name: 'a pack with directories is missing',
    inflict: async ({ repository, tree }) => await rm(packPath(repository, tree)),
    crossed: true,
    left: 'most',
  },
  {
    name: 'a pack with directories has a wrong bit',
    inflict: async ({ repository, tree }) => await flip(packPath(repository, tree), 20),
    left: 'most',
  },
]

// Each waits most of the time: for restic's locks.
describe.skipIf(noRestic).concurrent('damage', () => {
  test.for(damages)(
    'is repaired: $name',
    async ({ inflict, left, resticLosesMore, crossed }, { original, dir, expect }) => {
      for (const name of ['ours', 'theirs']) await cp(original.parts.repository, dir.join(name), { recursive: true })
      const [ours, theirs] = [resticAt(dir.join('ours')), resticAt(dir.join('theirs'))]
      for (const { repository } of [ours, theirs]) await inflict({ ...original.parts, repository })
      const damagedPacks = await repairOurs(ours.repository)
      await ours.check()
      const older = (await ours.snapshots())[0]!
      await ours.restore(older.id, dir.join('older'))
      const without = (path: string): boolean => path === 'newer'
      expect(await compareTrees(original.source, dir.join('older'), { without, root: false })).toEqual([])
      if (left === 'everything') {
        await ours.restore('latest', dir.join('newer'))
        expect(await compareTrees(original.source, dir.join('newer'), { root: false })).toEqual([])
      }

      await repairTheirs(theirs, damagedPacks)
      const [ourTrees, theirTrees] = [await treesOf(ours), await treesOf(theirs)]
      if (resticLosesMore) expect(await sizeOfLatest(ours)).toBeGreaterThan(await sizeOfLatest(theirs))
      else expect(ourTrees).toEqual(theirTrees)

      if (!crossed) return
      // Neither finds anything left to do after the other.
      expect(await repairOurs(theirs.repository)).toEqual([])
      await repairTheirs(ours, [])
      expect([await treesOf(ours), await treesOf(theirs)]).toEqual([ourTrees, theirTrees])
    },
  )

  test('is healed by a new backup of the same files: older snapshots too, with nothing given up', async ({
    original,
    dir,
    expect,
  }) => {
    await cp(original.parts.repository, dir.join('ours'), { recursive: true })
    const ours = resticAt(dir.join('ours'))
    const before = await treesOf(ours)
    await rm(packPath(ours.repository, original.parts.data))
    await rm(packPath(ours.repository, original.parts.tree))
    await using repository = await openAt(ours.repository)
    expect((await repairIndex(repository)).plan).toMatchObject({ missing: expect.objectContaining({ length: 2 }) })
    expect((await check(repository)).errors.length).toBeGreaterThan(0)

    await repository.loadIndex()
    const report = await backUpContent(repository, original.source)
    expect(report.outcome).toBe('succeeded')
    await ours.check()
    expect((await treesOf(ours)).slice(0, 2)).toEqual(before)
  })
})

/** As a person would: index, then packs that check names, then snapshots. @returns the packs */
async function repairOurs(folder: string): Promise<readonly PackId[]> {
  await using repository = await openAt(folder)
  await repairIndex(repository)
  await using _lock = await lockAndLoad(repository, 'exclusive')
  const { damagedPacks } = await check(repository, { readData: 'all' })
  if (damagedPacks.length > 0) await repairPacks(repository, damagedPacks)
  await repairSnapshots(repository, { originals: 'remove' })
  return damagedPacks
}

async function repairTheirs(restic: Restic, packs: readonly string[]): Promise<void> {
  const work = { cwd: join(restic.repository, '..') }
  await restic.ok(['repair', 'index'], work)
  if (packs.length > 0) await restic.ok(['repair', 'packs', ...packs], work)
  await restic.ok(['repair', 'snapshots', '--forget'], work)
}

function resticAt(repository: string): Restic {
  return resticIn(repository, { binary: binary! })
}

/** Oldest first. */
async function treesOf(restic: Restic): Promise<string[]> {
  return (await restic.snapshots()).sort((a, b) => a.time.localeCompare(b.time)).map(({ tree }) => tree)
}

async function sizeOfLatest(restic: Restic): Promise<number> {
  const { stdout } = await restic.ok(['stats', '--json', '--mode', 'restore-size', 'latest'])
  return (JSON.parse(stdout) as { total_size: number }).total_size
}

async function packsIn(repository: string): Promise<string[]> {
  return (await readdir(join(repository, 'data'), { recursive: true })).map((path) => path.slice(3)).filter(Boolean)
}

function packPath(repository: string, pack: string): string {
  return join(repository, 'data', pack.slice(0, 2), pack)
}

async function flip(path: string, position: number): Promise<void> {
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  const at = position < 0 ? (await file.stat()).size + position : position
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, at)
  byte[0]! ^= 1
  await file.write(byte, 0, 1, at)
}
