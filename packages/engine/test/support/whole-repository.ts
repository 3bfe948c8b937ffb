import { mkdir, writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import {
  check,
  forgetSnapshots,
  initRepository,
  lockAndLoad,
  openRepository,
  planPrune,
  prune,
  restore,
  withRetry,
  type Backend,
} from '@hikae/engine'
import { collect, compareTrees, findRestic, randomBytesOf, Restic, type TempDir } from '@hikae/testkit'
import { backUpDirectory, INIT, PASSWORD } from './ground.ts'

const binary = await findRestic('0.16.0')

/** A reason to skip {@link tryWholeRepository}. */
export function whyNotWhole(): string | undefined {
  return binary ? undefined : 'no restic 0.16 or later: run script/fetch-program restic'
}

export interface WholeRepository {
  /** Each time anew, on the same place, which is empty at first. */
  readonly open: () => Promise<Backend>
  readonly dir: TempDir
  /** How restic reaches the same place. */
  readonly restic: {
    readonly repository: string
    readonly env: Record<string, string>
    readonly args?: readonly string[]
  }
}

/**
 * The life of a repository: made, filled, checked and restored by us, then by restic, which adds a snapshot; the first is
 * forgotten and pruned; both find all well in the end.
 */
export async function tryWholeRepository({
  open,
  dir,
  restic: { args = [], ...place },
}: WholeRepository): Promise<void> {
  const data = dir.join('data')
  await mkdir(`${data}/folder`, { recursive: true })
  for (let number = 0; number < 20; number++) {
    await writeFile(`${data}/folder/${number}`, randomBytesOf(number, 100_000 + number))
  }
  await writeFile(`${data}/large`, randomBytesOf('large', 25_000_000))
  await using backend = withRetry(await open())
  await initRepository(backend, INIT)
  await store(open, data)

  const restic = new Restic({ binary: binary!, ...place, password: PASSWORD })
  await restic.check(['--read-data', ...args])
  await restic.restore('latest', dir.join('by-restic'), args)
  expect(await compareTrees(data, dir.join('by-restic', 'data'))).toEqual([])
  await writeFile(`${data}/large`, randomBytesOf('changed', 20_000_000))
  await restic.backup(['data'], ['--host', 'host', ...args], { cwd: dir.path })

  {
    await using repository = await openRepository(withRetry(await open()), { password: PASSWORD })
    await using lock = await lockAndLoad(repository, 'exclusive')
    expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], damagedPacks: [] })
    const [first, second] = await repository.snapshots()
    await restore(repository, second!, { target: dir.join('by-hikae') })
    expect(await compareTrees(data, dir.join('by-hikae', 'data'))).toEqual([])
    await forgetSnapshots(repository, [first!])
    const plan = await planPrune(repository, { maxUnused: { bytes: 0 } })
    const report = await prune(repository, plan, { signal: lock.signal })
    expect(report).toMatchObject({ outcome: 'succeeded', failures: [] })
    expect(report.removedPacks).toBeGreaterThan(0)
  }
  await restic.check(['--read-data', ...args])
  await restic.restore('latest', dir.join('by-restic-again'), args)
  expect(await compareTrees(data, dir.join('by-restic-again', 'data'))).toEqual([])
  expect(await collect(backend.list('lock'))).toEqual([])
}

async function store(open: () => Promise<Backend>, path: string): Promise<void> {
  await using repository = await openRepository(withRetry(await open()), { password: PASSWORD })
  await using lock = await lockAndLoad(repository, 'shared')
  expect(await backUpDirectory(repository, path, {}, () => lock.confirm())).toMatchObject({ outcome: 'succeeded' })
}
