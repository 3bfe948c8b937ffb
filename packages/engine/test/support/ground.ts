import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import {
  backUp,
  initRepository,
  MemoryBackend,
  openRepository,
  openTargets,
  type Backend,
  type BackupReport,
  type Repository,
  type TreeId,
} from '@hikae/engine'
import { randomBytesOf, TEST_POLYNOMIAL, type TempDir } from '@hikae/testkit'

export const PASSWORD = 'correct horse'

/** How repositories are made here: cheaply, and all cut content in one way. */
export const INIT = {
  password: PASSWORD,
  hostname: 'host',
  username: 'user',
  kdf: { N: 2, r: 8, p: 1 },
  chunkerPolynomial: TEST_POLYNOMIAL,
}

const KINDS = ['config', 'key', 'snapshot', 'index', 'pack'] as const

/** What operations are tried on: a repository with three snapshots of a directory, each with something of its own. */
export interface Ground {
  readonly dir: TempDir
  /** Never changed; see {@link copyAll}. */
  readonly backend: MemoryBackend
  /** Of the snapshots, oldest first. */
  readonly trees: readonly TreeId[]
  /** What the last snapshot holds. */
  readonly last: string
  /** A directory of which nothing is stored yet. */
  readonly fresh: string
}

/** @param label so that two grounds have different content */
export async function makeGround(dir: TempDir, label = 'ground'): Promise<Ground> {
  const [last, fresh] = [dir.join(label), dir.join(`${label}-fresh`)]
  await mkdir(`${last}/sub`, { recursive: true })
  await mkdir(`${fresh}/sub`, { recursive: true })
  const backend = new MemoryBackend()
  await initRepository(backend, INIT)
  for (let day = 0; day < 3; day++) {
    await writeFile(`${last}/sub/shared`, randomBytesOf(`${label} shared`, 40_000))
    await writeFile(`${last}/changing`, randomBytesOf(`${label} ${day}`, 30_000))
    await writeFile(`${last}/sub/${day}`, randomBytesOf(`${label} only ${day}`, 10_000))
    await backUpDirectory(await openLoaded(backend), last, { time: BigInt(day + 1) * 86_400_000_000_000n })
  }
  await writeFile(`${fresh}/file`, randomBytesOf(`${label} fresh`, 50_000))
  await writeFile(`${fresh}/sub/file`, randomBytesOf(`${label} fresh too`, 20_000))
  const trees = (await (await openLoaded(backend)).snapshots()).map(({ tree }) => tree)
  return { dir, backend, trees, last, fresh }
}

/** Fills an empty place with the files of a repository, locks left out. */
export async function copyAll<To extends Backend>(from: Backend, to: To): Promise<To> {
  await to.create()
  for (const kind of KINDS) {
    const names = kind === 'config' ? [''] : await namesOf(from, kind)
    for (const name of names) await to.write(kind, name, await from.read(kind, name))
  }
  return to
}

export async function namesOf(backend: Backend, kind: Parameters<Backend['list']>[0]): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of backend.list(kind)) names.push(name)
  return names.sort()
}

export async function openLoaded(backend: Backend): Promise<Repository> {
  const repository = await openRepository(backend, { password: PASSWORD })
  await repository.loadIndex()
  return repository
}

/** @param repository with a loaded index */
export async function backUpDirectory(
  repository: Repository,
  path: string,
  { time, tags = [] }: { time?: bigint; tags?: readonly string[] } = {},
  confirmLock: () => Promise<void> = async () => undefined,
): Promise<BackupReport> {
  const { root } = openTargets([basename(path)], { workingDirectory: dirname(path) })
  return await backUp(root, [{ repository, confirmLock }], {
    hostname: 'host',
    username: 'user',
    uid: 0,
    gid: 0,
    tags,
    paths: [path],
    excludes: [],
    programVersion: 'test',
    readConcurrency: 1,
    ...(time === undefined ? {} : { time }),
  })
}
