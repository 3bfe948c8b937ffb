import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { describe, expect, test as base } from 'vitest'
import {
  check,
  forgetSnapshots,
  initRepository,
  lockAndLoad,
  openRepository,
  openS3Backend,
  planPrune,
  prune,
  restore,
  withRetry,
  type Repository,
  type S3Options,
} from '@hikae/engine'
import {
  collect,
  compareTrees,
  findRestic,
  makeTempDir,
  randomBytesOf,
  Restic,
  skipBecause,
  startMiniflareR2,
  startRadosgw,
  startSwift,
  whyNoMiniflareR2,
  whyNoRadosgw,
  whyNoSwift,
  type S3Server,
} from '@hikae/testkit'
import { backUpDirectory, INIT, PASSWORD } from './support/ground.ts'
import { BUCKET, placeOn } from './support/s3-place.ts'

const noRadosgw = skipBecause(await whyNoRadosgw())
const noSwift = skipBecause(await whyNoSwift())
const noMiniflare = skipBecause(await whyNoMiniflareR2())
const binary = await findRestic('0.16.0')
const noRestic = skipBecause(binary ? undefined : 'no restic 0.16 or later: run script/fetch-program restic')

const test = base
  .extend('radosgw', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startRadosgw()
    onCleanup(() => server[Symbol.asyncDispose]())
    await server.makeBucket(BUCKET)
    return server
  })
  .extend('swift', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startSwift()
    onCleanup(() => server[Symbol.asyncDispose]())
    await server.makeBucket(BUCKET)
    return server
  })
  .extend('r2', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await startMiniflareR2(BUCKET)
    onCleanup(() => server[Symbol.asyncDispose]())
    return server
  })
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    await mkdir(dir.join('data', 'folder'), { recursive: true })
    for (let number = 0; number < 40; number++) {
      await writeFile(dir.join('data', 'folder', `${number}`), randomBytesOf(number, 200_000 + number))
    }
    await writeFile(dir.join('data', 'large'), randomBytesOf('large', 30_000_000))
    return dir
  })

describe.skipIf(noRadosgw || noRestic)('a repository on radosgw', () => {
  test('that Hikae made is checked and restored by restic, and used further', async ({ radosgw, dir, expect }) => {
    const place = placeOn(radosgw)
    await using backend = await openS3Backend(place)
    await initRepository(backend, INIT)
    await store(place, dir.join('data'))
    const restic = resticAt(place)
    await restic.check()
    await restic.restore('latest', dir.join('by-restic'))
    expect(await compareTrees(dir.join('data'), dir.join('by-restic', 'data'))).toEqual([])
    await writeFile(dir.join('data', 'new'), randomBytesOf('new', 3_000_000))
    await restic.backup(['data'], ['--host', 'host'], { cwd: dir.path })
    await store(place, dir.join('data'))
    await using repository = await open(place)
    await repository.loadIndex()
    expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], damagedPacks: [] })
    const snapshots = await repository.snapshots()
    expect(snapshots).toHaveLength(3)
    for (const [number, snapshot] of snapshots.entries()) {
      const target = dir.join(`by-hikae-${number}`)
      await restore(repository, snapshot, { target })
      // The first one is from before the new file.
      const options = number === 0 ? { without: (path: string) => path === 'new', root: false } : {}
      expect(await compareTrees(dir.join('data'), join(target, 'data'), options)).toEqual([])
    }
    expect(await collect(backend.list('lock'))).toEqual([])
  })

  test('that restic made is checked, restored and pruned by Hikae', async ({ radosgw, dir, expect }) => {
    const place = placeOn(radosgw)
    const restic = resticAt(place)
    await restic.init()
    await restic.backup(['data'], ['--host', 'host'], { cwd: dir.path })
    await writeFile(dir.join('data', 'large'), randomBytesOf('changed', 20_000_000))
    await restic.backup(['data'], ['--host', 'host'], { cwd: dir.path })
    {
      await using repository = await open(place)
      await using lock = await lockAndLoad(repository, 'exclusive')
      expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], damagedPacks: [] })
      const [first] = await repository.snapshots()
      await forgetSnapshots(repository, [first!])
      const plan = await planPrune(repository, { maxUnused: { bytes: 0 } })
      const report = await prune(repository, plan, { signal: lock.signal })
      expect(report).toMatchObject({ outcome: 'succeeded', failures: [] })
      expect(report.removedPacks).toBeGreaterThan(0)
    }
    await restic.check()
    await restic.restore('latest', dir.join('restored'))
    expect(await compareTrees(dir.join('data'), dir.join('restored', 'data'))).toEqual([])
  })
})

describe.skipIf(noSwift || noRestic)('a repository on Swift', () => {
  test('that Hikae made is checked and restored by restic, and by Hikae', async ({ swift, dir, expect }) => {
    const place = placeOn(swift)
    await using backend = await openS3Backend(place)
    await initRepository(backend, INIT)
    await store(place, dir.join('data'))
    // Restic's uploads are signed in pieces unless TLS protects them, which Swift refuses: it cannot even lock.
    const restic = resticAt(place)
    await restic.check(['--read-data', '--no-lock'])
    await restic.restore('latest', dir.join('by-restic'), ['--no-lock'])
    expect(await compareTrees(dir.join('data'), dir.join('by-restic', 'data'))).toEqual([])
    await using repository = await open(place)
    await repository.loadIndex()
    expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], damagedPacks: [] })
    const [snapshot] = await repository.snapshots()
    await restore(repository, snapshot!, { target: dir.join('by-hikae') })
    expect(await compareTrees(dir.join('data'), dir.join('by-hikae', 'data'))).toEqual([])
    expect(await collect(backend.list('lock'))).toEqual([])
  })
})

describe.skipIf(noMiniflare || noRestic)("a repository on Cloudflare's simulator of R2", () => {
  // Restic takes the first part of a path for the bucket, and the simulator has its own before it.
  test('that Hikae made is checked, pruned and restored, and restic reads its objects from a folder', async ({
    r2,
    dir,
    expect,
  }) => {
    const place = placeOn(r2, { region: 'auto' })
    await using backend = await openS3Backend(place)
    await initRepository(backend, INIT)
    await store(place, dir.join('data'))
    await writeFile(dir.join('data', 'large'), randomBytesOf('changed', 2_000_000))
    await store(place, dir.join('data'))
    {
      await using repository = await open(place)
      await using lock = await lockAndLoad(repository, 'exclusive')
      const [first] = await repository.snapshots()
      await forgetSnapshots(repository, [first!])
      const plan = await planPrune(repository, { maxUnused: { bytes: 0 } })
      const report = await prune(repository, plan, { signal: lock.signal })
      expect(report).toMatchObject({ outcome: 'succeeded', failures: [] })
      expect(report.removedPacks).toBeGreaterThan(0)
    }
    await using repository = await open(place)
    await repository.loadIndex()
    expect(await check(repository, { readData: 'all' })).toMatchObject({ errors: [], damagedPacks: [] })
    const [snapshot] = await repository.snapshots()
    await restore(repository, snapshot!, { target: dir.join('by-hikae') })
    expect(await compareTrees(dir.join('data'), dir.join('by-hikae', 'data'))).toEqual([])
    expect(await collect(backend.list('lock'))).toEqual([])
    await download(r2, place, dir.join('objects'))
    const restic = new Restic({ binary: binary!, repository: dir.join('objects'), password: PASSWORD })
    await restic.check()
    await restic.restore('latest', dir.join('by-restic'))
    expect(await compareTrees(dir.join('data'), dir.join('by-restic', 'data'))).toEqual([])
  })
})

async function store(place: S3Options, path: string): Promise<void> {
  await using repository = await open(place)
  await using lock = await lockAndLoad(repository, 'shared')
  expect(await backUpDirectory(repository, path, {}, () => lock.confirm())).toMatchObject({ outcome: 'succeeded' })
}

async function open(place: S3Options): Promise<Repository> {
  return await openRepository(withRetry(await openS3Backend(place)), { password: PASSWORD })
}

function resticAt({ endpoint, bucket, prefix, credentials }: S3Options): Restic {
  return new Restic({
    binary: binary!,
    repository: `s3:${endpoint}/${bucket}/${prefix}`,
    password: PASSWORD,
    env: { AWS_ACCESS_KEY_ID: credentials!.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials!.secretAccessKey },
  })
}

/** Each object of the place as a file: fewer than a thousand of them. */
async function download({ client }: S3Server, { bucket, prefix }: S3Options, folder: string): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/` }))
  for (const { Key } of Contents) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }))
    const path = join(folder, Key!.slice(prefix.length + 1))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, await Body!.transformToByteArray())
  }
}
