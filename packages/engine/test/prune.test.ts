import { cp, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import {
  check,
  lockAndLoad,
  MemoryBackend,
  openRepository,
  planPrune,
  prune,
  type Backend,
  type PlanPruneOptions,
  type PrunePlan,
  type PruneReport,
} from '@hikae/engine'
import {
  bytesOf,
  compareTrees,
  faultAt,
  makeCheapRepository,
  makeRandom,
  makeSmallDisk,
  makeTempDir,
  randomBytesOf,
  skipBecause,
  whyNoSmallDisk,
  withFaults,
  type RecordedCall,
  type TempDir,
} from '@hikae/testkit'
import { sha256Id } from '../src/crypto/hash.ts'
import { encodeIndex } from '../src/index/index-file.ts'
import type { PackedBlob } from '../src/pack/blob.ts'
import { columnsOf } from '../src/pack/blob-columns.ts'
import { encodeHeader } from '../src/pack/header.ts'
import { makeFilledRepository } from '../src/repository/fixture.test.support.ts'
import { backUpContent, noRestic, openAt, resticAt, test as base } from './support/beside-restic.ts'
import { PASSWORD } from './support/ground.ts'

const MEBIBYTE = 1024 * 1024
const noSmallDisk = skipBecause(await whyNoSmallDisk())

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('made', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    const known = new Map<string, Promise<Forgotten>>()
    return (who: 'restic' | 'engine', version: 1 | 2): Promise<Forgotten> => {
      const key = `${who} ${version}`
      const made = known.get(key) ?? makeForgotten(dir, who, version)
      known.set(key, made)
      return made
    }
  })
  /** A copy of the test's own. */
  .extend('forgotten', async ({ made, dir }) => {
    return async (who: 'restic' | 'engine', { version = 2 }: { version?: 1 | 2 } = {}): Promise<Forgotten> => {
      const { repository, trees } = await made(who, version)
      await cp(repository, dir.join('repository'), { recursive: true })
      return { repository: dir.join('repository'), trees }
    }
  })
// oxlint-enable no-empty-pattern

/** A tree that changes: files of generation n differ from those of n - 1 in about a third. */
async function makeTree(root: string, generation: number): Promise<void> {
  const random = makeRandom('sizes')
  for (let number = 0; number < 60; number++) {
    const folder = join(root, `folder ${number % 6}`, `below ${number % 4}`)
    await mkdir(folder, { recursive: true })
    const size = random.pick([0, 500, 20_000, 150_000, 900_000])
    const seed = (number + generation) % 3 === 0 ? `${number} of ${generation}` : String(number)
    await writeFile(join(folder, `file ${number}`), bytesOf(seed, size, 'half'))
  }
  await mkdir(join(root, 'empty'), { recursive: true })
}

async function ourBackup(folder: string, tree: string): Promise<void> {
  await using repository = await openAt(folder)
  await using _lock = await lockAndLoad(repository, 'shared')
  const report = await backUpContent(repository, tree, { packSizeBytes: 4 * MEBIBYTE })
  if (report.outcome !== 'succeeded') throw new Error('the backup failed')
}

async function theirBackup(folder: string, tree: string): Promise<void> {
  await resticAt(folder).backup(['.'], ['--host', 'here', '--pack-size', '4', '--force'], { cwd: tree })
}

interface Forgotten {
  readonly repository: string
  /** Of the snapshots that are left. */
  readonly trees: readonly string[]
}

/** Three generations of a tree, by us or by restic, of which the first is forgotten. */
async function makeForgotten(dir: TempDir, who: 'restic' | 'engine', version: 1 | 2): Promise<Forgotten> {
  const repository = dir.join(`${who} ${version}`)
  await makeCheapRepository(repository, PASSWORD, { version })
  const trees: string[] = []
  for (const generation of [0, 1, 2]) {
    const tree = dir.join(`${who} ${version} tree ${generation}`)
    await makeTree(tree, generation)
    await (who === 'restic' ? theirBackup : ourBackup)(repository, tree)
    trees.push(tree)
  }
  const restic = resticAt(repository)
  const [first] = await restic.snapshots()
  await restic.ok(['forget', first!.id])
  return { repository, trees: trees.slice(1) }
}

/**
 * Every second of 24 files of noise is forgotten, so that however threads share the work, half of each pack is needed: about
 * 12 MB in packs of 4. @returns what the snapshot that is left was made of
 */
async function makeHalfForgotten(dir: TempDir, repository: string): Promise<string> {
  await makeCheapRepository(repository, PASSWORD)
  const [whole, half] = [dir.join('whole'), dir.join('half')]
  for (const tree of [whole, half]) {
    await mkdir(tree)
    for (let number = 0; number < 24; number += tree === half ? 2 : 1) {
      await writeFile(join(tree, `file ${String(number).padStart(2, '0')}`), randomBytesOf(`noise ${number}`, MEBIBYTE))
    }
    await ourBackup(repository, tree)
  }
  const restic = resticAt(repository)
  const [first] = await restic.snapshots()
  await restic.ok(['forget', first!.id])
  return half
}

async function pruneIn(
  folder: string,
  options: PlanPruneOptions = {},
): Promise<{ plan: PrunePlan; report: PruneReport }> {
  await using repository = await openAt(folder)
  await using lock = await lockAndLoad(repository, 'exclusive')
  const plan = await planPrune(repository, options)
  return { plan, report: await prune(repository, plan, { signal: lock.signal }) }
}

/** Stock restic finds nothing wrong, and every snapshot is what it was. @returns differences */
async function differences(dir: TempDir, repository: string, trees: readonly string[]): Promise<unknown[]> {
  const restic = resticAt(repository)
  await restic.check()
  const found: unknown[] = []
  const snapshots = await restic.snapshots()
  if (snapshots.length !== trees.length) found.push(`${snapshots.length} snapshots`)
  for (const [at, { id }] of snapshots.entries()) {
    const target = dir.join(`restored ${at}`)
    await rm(target, { recursive: true, force: true })
    await restic.restore(id, target)
    found.push(...(await compareTrees(trees[at]!, target, { root: false })))
  }
  return found
}

async function bytesIn(repository: string): Promise<number> {
  const names = await readdir(join(repository, 'data'), { recursive: true })
  const sizes = await Promise.all(names.map((name) => stat(join(repository, 'data', name))))
  return sizes.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
}

/** What restic says it would do, in blobs. */
async function theirPlan(repository: string, options: readonly string[]): Promise<Record<string, number>> {
  const { stdout } = await resticAt(repository).ok(['prune', '--dry-run', ...options])
  const lines = [...stdout.matchAll(/^(to repack|this removes|to delete|total prune|remaining): +(\d+) blobs/gm)]
  return Object.fromEntries(lines.map(([, what, blobs]) => [what, Number(blobs)]))
}

async function ourPlan(folder: string, options: PlanPruneOptions): Promise<Record<string, number>> {
  await using repository = await openAt(folder)
  const { blobs } = (await planPrune(repository, options)).statistics
  return {
    'to repack': blobs.repacked,
    'this removes': blobs.removedByRepacking,
    'to delete': blobs.removed,
    'total prune': blobs.removedByRepacking + blobs.removed,
    remaining: blobs.used + blobs.duplicate + blobs.unused - blobs.removedByRepacking - blobs.removed,
  }
}

const SAME_OPTIONS: readonly (readonly [PlanPruneOptions, readonly string[]])[] = [
  [{}, []],
  [{ maxUnused: { bytes: 0 } }, ['--max-unused', '0']],
  [{ maxUnused: { percent: 20 } }, ['--max-unused', '20%']],
  [{ maxUnused: 'unlimited' }, ['--max-unused', 'unlimited']],
  [{ maxRepackBytes: 6 * MEBIBYTE, maxUnused: { bytes: 0 } }, ['--max-repack-size', '6M', '--max-unused', '0']],
  [{ maxRepackBytes: 0 }, ['--max-repack-size', '0']],
  [{ repackCacheableOnly: true }, ['--repack-cacheable-only']],
  [{ repackSmall: true }, ['--repack-small']],
]

// Each of these waits most of the time: for restic's locks.
describe.skipIf(noRestic).concurrent('the plan is that of restic', () => {
  test.for(['restic', 'engine'] as const)(
    'for a repository of the %s, whatever the options',
    async (who, { forgotten, expect }) => {
      const { repository } = await forgotten(who)
      for (const [ours, theirs] of SAME_OPTIONS) {
        expect({ theirs, plan: await ourPlan(repository, ours) }).toEqual({
          theirs,
          plan: await theirPlan(repository, theirs),
        })
      }
    },
  )
})

describe.skipIf(noRestic).concurrent('stock restic finds nothing wrong, and all snapshots are what they were', () => {
  test.for([
    { who: 'restic', version: 2 },
    { who: 'engine', version: 2 },
    { who: 'restic', version: 1 },
    { who: 'engine', version: 1 },
  ] as const)(
    'after a prune of a repository of the $who, version $version, which is no larger than after a prune by restic',
    async ({ who, version }, { dir, forgotten, expect }) => {
      const { repository, trees } = await forgotten(who, { version })
      const copy = dir.join('pruned by restic')
      await cp(repository, copy, { recursive: true })
      await resticAt(copy).ok(['prune', '--max-unused', '0'])
      const { report } = await pruneIn(repository, { maxUnused: { bytes: 0 } })
      expect(report).toMatchObject({ outcome: 'succeeded', failures: [] })
      expect(await differences(dir, repository, trees)).toEqual([])
      expect(await bytesIn(repository)).toBeLessThanOrEqual((await bytesIn(copy)) * 1.01)
      const nothing = { 'to repack': 0, 'this removes': 0, 'to delete': 0, 'total prune': 0 }
      expect(await theirPlan(repository, ['--max-unused', '0'])).toMatchObject(nothing)
    },
  )

  test('after ours upon restic’s, and the other way round', async ({ dir, forgotten, expect }) => {
    const { repository, trees } = await forgotten('restic')
    const restic = resticAt(repository)
    await restic.ok(['prune', '--max-unused', '0'])
    const first = await pruneIn(repository, { maxUnused: { bytes: 0 } })
    expect(first.plan).toMatchObject({ unindexed: [], unused: [], repack: [] })
    const [oldest] = await restic.snapshots()
    await restic.ok(['forget', oldest!.id])
    await pruneIn(repository)
    await restic.ok(['prune', '--max-unused', '0'])
    expect(await differences(dir, repository, trees.slice(1))).toEqual([])
  })

  test('after two writers stored the same', async ({ dir, forgotten, expect }) => {
    const { repository, trees } = await forgotten('engine')
    // Without the index everything is stored again.
    await rename(join(repository, 'index'), dir.join('hidden'))
    await mkdir(join(repository, 'index'))
    await theirBackup(repository, trees[0]!)
    await cp(dir.join('hidden'), join(repository, 'index'), { recursive: true })
    const before = await bytesIn(repository)
    const { plan, report } = await pruneIn(repository, { maxUnused: { bytes: 0 } })
    expect(plan.statistics.blobs.duplicate).toBeGreaterThan(50)
    expect(report.outcome).toBe('succeeded')
    expect(await bytesIn(repository)).toBeLessThan(before * 0.7)
    expect(await differences(dir, repository, [...trees, trees[0]!])).toEqual([])
    await using pruned = await openAt(repository)
    expect((await planPrune(pruned)).statistics.blobs).toMatchObject({ duplicate: 0, unused: 0 })
  })

  test('after packs of data and directories mixed', async ({ dir, forgotten, expect }) => {
    const { repository, trees } = await forgotten('engine')
    await mixPacks(repository)
    const { plan } = await pruneIn(repository)
    expect(plan.repack.filter(({ reasons }) => reasons.includes('mixed'))).toHaveLength(1)
    expect(await differences(dir, repository, trees)).toEqual([])
    const { stdout, stderr } = await resticAt(repository).check()
    expect(stdout + stderr).not.toContain('mixed')
  })
})

/** All blobs of one data and one tree pack in one pack, in place of those. */
async function mixPacks(folder: string): Promise<void> {
  await using repository = await openAt(folder)
  const index = await repository.loadIndex()
  const packs = [...index.packs()]
  const [data, tree] = (['data', 'tree'] as const).map((type) => packs.find(({ blobs }) => blobs[0]!.type === type)!)
  const units: Uint8Array[] = []
  const blobs: PackedBlob[] = []
  let end = 0
  for (const pack of [data!, tree!]) {
    for (const blob of pack.blobs) {
      const { offset, length } = blob
      units.push(await repository.backend.read('pack', pack.id, { offset, length }))
      blobs.push({ ...blob, offset: end })
      end += length
    }
  }
  const header = repository.cipher.seal(encodeHeader(columnsOf(blobs)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  const content = Buffer.concat([...units, header, length])
  const id = sha256Id(content)
  await repository.backend.write('pack', id, content)
  const others = packs.filter((pack) => pack !== data && pack !== tree)
  const old = [...repository.loadedIndexes]
  await repository.writeUnpacked('index', encodeIndex([...others, { id, blobs }]))
  for (const name of old) await repository.backend.remove('index', name)
  for (const pack of [data!, tree!]) await repository.backend.remove('pack', pack.id)
}

/** Snapshots of which the first is forgotten, packs that are partly used, unused and in no index. */
async function makeInMemory(): Promise<{ backend: Backend; snapshots: number }> {
  const noise = (seed: number): string => randomBytesOf(seed, 30_000).toString('latin1')
  const backend = new MemoryBackend()
  const { repository, snapshots } = await makeFilledRepository(
    [
      { one: [noise(1), noise(2)], two: noise(3), folder: { deep: noise(4) } },
      { one: [noise(1), noise(5)], two: noise(6), folder: { deep: noise(4) } },
      { one: noise(7), folder: { deep: [noise(4), noise(8), noise(9)], more: { x: 'x' } } },
    ],
    { backend, password: PASSWORD },
  )
  await backend.remove('snapshot', snapshots[0]!.id)
  await repository[Symbol.asyncDispose]()
  return { backend, snapshots: 2 }
}

async function copyOf(source: Backend): Promise<Backend> {
  const copy = new MemoryBackend()
  await copy.write('config', '', await source.read('config', ''))
  for (const kind of ['key', 'snapshot', 'index', 'pack'] as const) {
    for await (const { name } of source.list(kind)) await copy.write(kind, name, await source.read(kind, name))
  }
  return copy
}

async function pruneFaulty(backend: Backend): Promise<PruneReport> {
  const repository = await openRepository(backend, { password: PASSWORD })
  return await prune(repository, await planPrune(repository, { maxUnused: { bytes: 0 } }))
}

describe('wherever a prune dies, the repository is whole, and the next prune leaves nothing behind', () => {
  test('at every call that changes something, just before and just after it', async ({ expect }) => {
    const { backend, snapshots } = await makeInMemory()
    const watched = withFaults(await copyOf(backend))
    await pruneFaulty(watched)
    const changes = watched.calls.filter(({ operation }) => operation === 'write' || operation === 'remove')
    expect(new Set(changes.map(({ operation, kind }) => `${operation} ${kind}`))).toEqual(
      new Set(['write pack', 'write index', 'remove index', 'remove pack']),
    )
    for (const operation of ['write', 'remove'] as const) {
      const count = changes.filter((call) => call.operation === operation).length
      for (let nth = 1; nth <= count; nth++) {
        for (const when of ['before', 'after'] as const) {
          const copy = await copyOf(backend)
          const dying = withFaults(copy, faultAt({ operation, nth }, { kind: 'crash', when }))
          const outcome = await pruneFaulty(dying).then(
            (report) => report.outcome,
            () => 'died',
          )
          // What only cannot be deleted is no reason to fail, but it is told.
          expect(outcome, `${operation} ${nth} ${when}`).not.toBe('succeeded')
          expect(await verdict(copy), `${operation} ${nth} ${when}`).toEqual({ errors: [], snapshots })
          expect((await pruneFaulty(copy)).outcome).toBe('succeeded')
          expect(await verdict(copy, 'thorough'), `${operation} ${nth} ${when}`).toEqual({ errors: [], snapshots })
        }
      }
    }
  })

  test('at every read, list and look: nothing is deleted that is needed', async ({ expect }) => {
    const { backend, snapshots } = await makeInMemory()
    const watched = withFaults(await copyOf(backend))
    await pruneFaulty(watched)
    const isLook = ({ operation }: RecordedCall): boolean => operation !== 'write' && operation !== 'remove'
    for (const { number } of watched.calls.filter(isLook)) {
      const copy = await copyOf(backend)
      const failing = withFaults(copy, (call) => (call.number === number ? { kind: 'fail-before' } : undefined))
      await pruneFaulty(failing).catch(() => undefined)
      expect(await verdict(copy), `call ${number}`).toEqual({ errors: [], snapshots })
    }
  })
})

/** `thorough` reads all data, and takes left-overs for errors. */
async function verdict(backend: Backend, how: 'quick' | 'thorough' = 'quick') {
  const repository = await openRepository(backend, { password: PASSWORD })
  const { errors, hints, snapshots } = await check(repository, how === 'quick' ? {} : { readData: 'all' })
  return { errors: how === 'quick' ? errors : [...errors, ...hints], snapshots }
}

describe.concurrent('on a disk', () => {
  test.skipIf(noRestic || noSmallDisk)(
    'that has no room for all new packs beside the old ones, it goes in portions',
    async ({ dir, expect }) => {
      await using disk = await makeSmallDisk({ sizeBytes: 96 * MEBIBYTE })
      const repository = join(disk.path, 'repository')
      const kept = await makeHalfForgotten(dir, repository)
      const { repack } = await planOf(repository)
      const needed = repack.reduce((sum, { usedBytes }) => sum + usedBytes, 0)
      const largest = Math.max(...repack.map(({ usedBytes }) => usedBytes))
      await disk.fill(largest + 1.6 * MEBIBYTE)
      expect(await disk.freeBytes()).toBeLessThan(needed)
      const { report } = await pruneIn(repository, { maxUnused: { bytes: 0 }, packSizeBytes: 4 * MEBIBYTE })
      expect(report).toMatchObject({ outcome: 'succeeded', leftForLackOfSpace: [] })
      expect(await differences(dir, repository, [kept])).toEqual([])
    },
  )

  test.skipIf(noRestic)(
    'half-written files of killed programs go, those of others stay',
    async ({ dir, forgotten, expect }) => {
      const { repository, trees } = await forgotten('engine')
      const name = '0123456789abcdef'.repeat(4)
      const old = [`data/01/${name}-tmp-0123456789abcdef`, `index/${name}-tmp-1234567890`, `snapshots/${name}-tmp-77`]
      const others = [`data/01/notes-tmp-1`, `locks/${name}-tmp-0123456789abcdef`, `keys/${name}-tmp-12`]
      for (const path of [...old, ...others]) {
        await writeFile(join(repository, path), 'half of it')
        await utimes(join(repository, path), new Date(), new Date(Date.now() - 2 * 60 * 60 * 1000))
      }
      const young = `data/02/${name}-tmp-fedcba9876543210`
      await writeFile(join(repository, young), 'being written')
      const { report } = await pruneIn(repository)
      expect(report.temporaryFiles).toEqual({ files: old.length, bytes: 10 * old.length })
      const left = (await readdir(repository, { recursive: true })).filter((path) => path.includes('-tmp-'))
      expect(left.sort()).toEqual([...others, young].sort())
      expect(await differences(dir, repository, trees)).toEqual([])
    },
  )
})

async function planOf(folder: string): Promise<PrunePlan> {
  await using repository = await openAt(folder)
  return await planPrune(repository, { maxUnused: { bytes: 0 } })
}
