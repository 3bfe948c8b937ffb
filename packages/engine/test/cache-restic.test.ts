import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import {
  initRepository,
  openLocalBackend,
  openRepository,
  openRestBackend,
  type Repository,
  type TreeId,
} from '@hikae/engine'
import {
  findRestic,
  makeTempDir,
  missingPrograms,
  Restic,
  skipBecause,
  startHttpProxy,
  startRcloneRest,
} from '@hikae/testkit'
import { sha256Id } from '../src/crypto/hash.ts'
import { backUpDirectory, INIT, makeGround, PASSWORD } from './support/ground.ts'

const CACHED_PATHS = /^\/(?:index|snapshots|data)\/[0-9a-f]{64}$/

const binary = await findRestic('0.18.0')
const noRestic = skipBecause(binary ? undefined : 'no restic 0.18: run script/fetch-program restic')
const noRclone = skipBecause(await missingPrograms('rclone'))

/** A repository of ours, and a server through which restic has to go to it. */
async function startServed() {
  await using owned = new AsyncDisposableStack()
  const dir = owned.use(await makeTempDir())
  const ground = await makeGround(dir, 'served')
  const local = await openLocalBackend(dir.join('repository'))
  await initRepository(local, INIT)
  for (let day = 0; day < 2; day++) {
    await writeFile(join(ground.fresh, 'day'), `${day}`)
    await backUpDirectory(await openRepository(local, { password: PASSWORD }), ground.fresh)
  }
  const server = owned.use(await startRcloneRest({ folder: dir.join('repository') }))
  const proxy = owned.use(await startHttpProxy({ target: new URL(server.url) }))
  const moved = owned.move()
  return { proxy, source: ground.fresh, [Symbol.asyncDispose]: () => moved.disposeAsync() }
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('served', { scope: 'file' }, async ({}, { onCleanup }) => {
    const served = await startServed()
    onCleanup(() => served[Symbol.asyncDispose]())
    return served
  })
  .extend('cache', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
// oxlint-enable no-empty-pattern

type Served = Awaited<ReturnType<typeof startServed>>

function resticWith({ proxy }: Served, cacheFolder: string): Restic {
  return new Restic({ binary: binary!, repository: `rest:${proxy.url.href}`, password: PASSWORD, cacheFolder })
}

/** What the server was asked for, of what a cache holds. */
async function requestsDuring({ proxy }: Served, work: () => Promise<unknown>): Promise<string[]> {
  const earlier = proxy.requests.length
  await work()
  const asked = proxy.requests.slice(earlier).filter(({ method, path }) => method === 'GET' && CACHED_PATHS.test(path))
  return asked.map(({ path }) => path)
}

/** Reads all that the cache is for, as a program of ours. @returns what the server was asked for */
async function readAll(served: Served, folder: string): Promise<string[]> {
  return await requestsDuring(served, async () => {
    const backend = await openRestBackend({ url: served.proxy.url.href })
    await using repository = await openRepository(backend, { password: PASSWORD, cache: { folder } })
    await repository.loadIndex()
    for (const { tree } of await repository.snapshots()) await readTrees(repository, tree)
  })
}

async function readTrees(repository: Repository, id: TreeId): Promise<void> {
  for (const node of (await repository.readTree(id)).nodes) {
    if (node.subtree !== undefined) await readTrees(repository, node.subtree)
  }
}

/** Paths of the cached files below the folder of all caches. */
async function cachedFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

describe.skipIf(noRestic || noRclone)('a cache shared with restic', () => {
  test('restic asks the server for nothing that we keep', async ({ served, cache, expect }) => {
    expect(await readAll(served, cache.path)).not.toEqual([])
    const restic = resticWith(served, cache.path)
    const files = await cachedFiles(cache.path)
    expect(await requestsDuring(served, () => restic.ls('latest'))).toEqual([])
    expect(await cachedFiles(cache.path)).toEqual(files)
    await rm(cache.path, { recursive: true })
    expect(await requestsDuring(served, () => restic.ls('latest'))).not.toEqual([])
  })

  test('we ask for nothing that restic keeps, and keep it the same way', async ({ served, cache, expect }) => {
    const restic = resticWith(served, cache.path)
    for (const { id } of await restic.snapshots()) await restic.ls(id)
    const files = await cachedFiles(cache.path)
    expect(await readAll(served, cache.path)).toEqual([])
    expect(await cachedFiles(cache.path)).toEqual(files)
    await using ours = await makeTempDir()
    await readAll(served, ours.path)
    const relative = (paths: string[], folder: string): string[] => paths.map((path) => path.slice(folder.length))
    expect(relative(await cachedFiles(ours.path), ours.path)).toEqual(relative(files, cache.path))
  })

  test('what restic backs up through the cache is there for us, and what is forgotten leaves it', async ({
    served,
    cache,
    expect,
  }) => {
    await readAll(served, cache.path)
    const before = await cachedFiles(cache.path)
    const restic = resticWith(served, cache.path)
    await cp(served.source, cache.join('source'), { recursive: true })
    const snapshot = await restic.backup([cache.join('source')])
    expect(await readAll(served, cache.path)).toEqual([])
    await restic.ok(['forget', '--prune', snapshot])
    await readAll(served, cache.path)
    const after = await cachedFiles(cache.path)
    expect(after.filter((path) => path.includes('/snapshots/'))).toEqual(
      before.filter((path) => path.includes('/snapshots/')),
    )
    await restic.check()
  })

  test('files that were damaged are healed, for restic too', async ({ served, cache, expect }) => {
    await readAll(served, cache.path)
    const files = await cachedFiles(cache.path)
    for (const file of files) {
      const content = await readFile(file)
      content[content.length >> 1]! ^= 1
      await writeFile(file, content)
    }
    expect(await readAll(served, cache.path)).toHaveLength(files.length)
    for (const file of files) expect(sha256Id(await readFile(file))).toBe(file.slice(-64))
    expect(await requestsDuring(served, () => resticWith(served, cache.path).ls('latest'))).toEqual([])
  })
})
