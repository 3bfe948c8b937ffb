import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  backUp,
  initRepository,
  lockAndLoad,
  openLocalBackend,
  openRepository,
  restore,
  withRetry,
  type Backend,
  type DirectoryEntry,
  type Entry,
  type Repository,
} from '@hikae/engine'
import {
  collect,
  describeBackend,
  makeLoopDisk,
  makeTempDir,
  randomBytesOf,
  runOk,
  skipBecause,
  TEST_POLYNOMIAL,
  whyNoLoopDisk,
  type LoopDisk,
} from '@hikae/testkit'
import { afterAll, describe, test as base, type ExpectStatic } from 'vitest'
import { guardDisk, type GuardOptions } from '../src/disks/guard.ts'
import { listDisks } from '../src/disks/inventory.ts'
import { DiskSystem } from '../src/disks/system.ts'
import { watchDisk } from '../src/disks/watch.ts'
import { withDisk } from '../src/disks/with-disk.ts'

const MIB = 1024 * 1024
const password = 'correct horse'
const identity = { hostname: 'host', username: 'user' }
const noDisk = skipBecause(await whyNoLoopDisk())

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
/** `disk` is mounted; `expected` is how the settings of a repository on it name it. */
const test = base
  .extend('disk', async ({}, { onCleanup }) => {
    const disk = await makeLoopDisk({ fileSystem: 'ext4', label: 'ours' })
    onCleanup(() => disk[Symbol.asyncDispose]())
    await disk.mount()
    return disk
  })
  .extend('expected', async ({ disk }) => ({ uuid: (await disk.uuid())!, mount: disk.mountPoint }))
  .extend('path', async ({ disk }) => join(disk.mountPoint, 'hikae'))
// oxlint-enable no-empty-pattern

/** The error that a guard throws, which has to be a helpful one. */
async function refusal(options: GuardOptions): Promise<{ code: string; message: string; hint: string }> {
  const error: unknown = await guardDisk(options).catch((thrown: unknown) => thrown)
  const { code, message, hint } = error as { code: string; message: string; hint: string }
  return { code, message, hint }
}

function says(expect: ExpectStatic, code: string, message: RegExp, hint: RegExp): unknown {
  return { code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) }
}

describe.skipIf(noDisk)('before anything is written', () => {
  test('the right disk is accepted, before and after the repository is there', async ({ disk, expected, path }) => {
    await guardDisk({ path: join(path, 'not', 'yet'), disk: expected })
    await mkdir(path)
    await guardDisk({ path, disk: expected, neededBytes: 10 * MIB, minimumFreeBytes: MIB })
    await guardDisk({ path, disk: { ...expected, uuid: expected.uuid.toUpperCase() } })
    await guardDisk({ path: disk.mountPoint, disk: { ...expected, mount: `${disk.mountPoint}/` } })
  })

  test('a mount point that is a link is followed', async ({ disk, expected }) => {
    await using dir = await makeTempDir()
    const link = dir.join('link')
    await symlink(disk.mountPoint, link)
    await guardDisk({ path: join(link, 'hikae'), disk: { ...expected, mount: link } })
  })

  test('a missing mount point is told from a disk that is not mounted', async ({ disk, expected, expect }) => {
    const mount = join(dirname(disk.mountPoint), 'absent')
    expect(await refusal({ path: join(mount, 'hikae'), disk: { ...expected, mount } })).toEqual(
      says(expect, 'DISK_MOUNT_POINT_MISSING', /absent of disk .* does not exist/, /mkdir/),
    )
    await writeFile(mount, 'a file')
    expect(await refusal({ path: join(mount, 'hikae'), disk: { ...expected, mount } })).toEqual(
      says(expect, 'DISK_MOUNT_POINT_MISSING', /cannot be used: not a directory/, /may look into it/),
    )
  })

  test('a disk that is connected but not mounted is found', async ({ disk, expected, path, expect }) => {
    await disk.unmountLazily()
    const error = await refusal({ path, disk: expected })
    expect(error).toEqual(says(expect, 'DISK_NOT_MOUNTED', /nothing is$/, /is connected as \/dev\/loop\d+: mount it/))
    expect(error.message).toContain(`disk ${expected.uuid} is not mounted at ${disk.mountPoint}`)
    expect(error.hint).toContain(`mount ${disk.device} ${disk.mountPoint}`)
  })

  test('a disk that is not connected is asked for', async ({ disk, expected, path, expect }) => {
    await disk.unmountLazily()
    const absent = { ...expected, uuid: '00000000-0000-4000-8000-000000000000' }
    expect(await refusal({ path, disk: absent })).toEqual(
      says(expect, 'DISK_NOT_MOUNTED', /disk 00000000-/, /^connect the disk and mount it/),
    )
  })

  test('another disk at the same place is refused, also on top of the right one', async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    await using other = await makeLoopDisk({ fileSystem: 'ext4', label: 'theirs' })
    await other.mount(disk.mountPoint)
    const error = await refusal({ path, disk: expected })
    expect(error).toEqual(says(expect, 'DISK_OTHER', /another disk is mounted at .*\(theirs\)/, /umount/))
    expect(error.message).toContain(await other.uuid())
    expect(error.message).toContain(expected.uuid)
  })

  test('a file system in memory is another disk', async ({ disk, expected, path, expect }) => {
    await runOk('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk.mountPoint])
    try {
      expect(await refusal({ path, disk: expected })).toEqual(says(expect, 'DISK_OTHER', /: none, expected/, /umount/))
    } finally {
      await disk.unmountLazily()
    }
  })

  test('a disk that is mounted read-only is refused', async ({ disk, expected, path, expect }) => {
    await disk.remount('read-only')
    expect(await refusal({ path, disk: expected })).toEqual(
      says(expect, 'DISK_READ_ONLY', /mounted read-only/, /remount,rw .*dmesg/),
    )
  })

  test("the system's own disk is refused, as root and as a folder of it mounted elsewhere", async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    const root = says(expect, 'DISK_IS_ROOT', /on the root file system/, /never written to the system's own disk/)
    expect(await refusal({ path: '/hikae', disk: { ...expected, mount: '/' } })).toEqual(root)
    await runOk('mount', ['--bind', '/etc', disk.mountPoint])
    try {
      expect(await refusal({ path, disk: expected })).toEqual(root)
    } finally {
      await disk.unmountLazily()
    }
  })

  test('a repository beside the disk, behind a link, or on a disk within the disk is refused', async ({
    disk,
    expected,
    expect,
  }) => {
    const outside = says(expect, 'DISK_PATH_OUTSIDE', /is not on disk/, /choose a folder below/)
    expect(await refusal({ path: `${disk.mountPoint}-2/hikae`, disk: expected })).toEqual(outside)
    await symlink(dirname(disk.mountPoint), join(disk.mountPoint, 'link'))
    expect(await refusal({ path: join(disk.mountPoint, 'link', 'hikae'), disk: expected })).toEqual(outside)
    const within = join(disk.mountPoint, 'within')
    await mkdir(within)
    await using other = await makeLoopDisk({ fileSystem: 'ext4' })
    await other.mount(within)
    expect(await refusal({ path: join(within, 'hikae'), disk: expected })).toEqual(outside)
  })

  test('too little room is told in numbers', async ({ expected, path, expect }) => {
    const error = await refusal({ path, disk: expected, neededBytes: 1000 * MIB, minimumFreeBytes: 5 * MIB })
    expect(error).toEqual(
      says(expect, 'DISK_FULL', /has \d\d MiB free; 1000 MiB are needed; 5 MiB have to stay free/, /forget --prune/),
    )
    await guardDisk({ path, disk: expected, neededBytes: 10 * MIB })
  })

  test('every refusal has a code of its own', async ({ disk, expected, path, expect }) => {
    const codes = [
      await refusal({ path, disk: expected, neededBytes: 1000 * MIB }),
      await refusal({ path: '/elsewhere', disk: expected }),
      await refusal({ path, disk: { ...expected, uuid: '1' } }),
      await refusal({ path: '/hikae', disk: { ...expected, mount: '/' } }),
      await refusal({ path, disk: { ...expected, mount: '/absent' } }),
    ].map(({ code }) => code)
    await disk.unmountLazily()
    codes.push((await refusal({ path, disk: expected })).code)
    expect(new Set(codes).size).toBe(6)
  })

  test('without the programs that know, nothing is taken for granted', async ({ expected, path, expect }) => {
    await using empty = await makeTempDir()
    const system = new DiskSystem({ searchPath: empty.path })
    expect(await refusal({ path, disk: expected, system })).toEqual(
      says(expect, 'TOOL_MISSING', /the program findmnt is not installed/, /apt install util-linux/),
    )
  })

  test('where nobody tells what the disk is, that is said', async ({ expected, path, expect }) => {
    const system = new (class extends DiskSystem {
      override probe = () => Promise.resolve(undefined) // as for anybody but root
    })()
    expect(await refusal({ path, disk: expected, system })).toEqual(
      says(expect, 'DISK_UNKNOWN', /cannot find out whether \/dev\/loop/, /as root/),
    )
  })
})

async function openGuarded(path: string, disk: GuardOptions['disk']): Promise<Backend> {
  return withDisk(await openLocalBackend(path), await watchDisk({ path, disk }))
}

describe.skipIf(noDisk)('guarded', () => {
  const owned = new AsyncDisposableStack()
  afterAll(() => owned.disposeAsync())
  const mounted = once(async () => {
    const disk = owned.use(await makeLoopDisk({ sizeBytes: 512 * MIB, fileSystem: 'ext4' }))
    await disk.mount()
    return { uuid: (await disk.uuid())!, mount: disk.mountPoint }
  })
  let count = 0

  describeBackend('a disk', async () => {
    const disk = await mounted()
    const path = join(disk.mount, String(++count))
    return {
      backend: await openGuarded(path, disk),
      [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
    }
  })
})

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

/** Every file below a folder. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

const content = randomBytesOf('pack', 1_000_000)
const name = 'ab'.repeat(32)

/** As `ours` was made, without its files: what an earlier accident may have left below the mount point. */
async function makeRepositoryAt(path: string): Promise<void> {
  const backend = await openLocalBackend(path)
  await backend.create()
  await backend.write('config', '', Buffer.from('another config'))
}

describe.skipIf(noDisk)('a disk that goes away', () => {
  const gone = { code: 'DISK_GONE' }

  test('takes every operation with it, and nothing is written below the mount point', async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    const backend = await openGuarded(path, expected)
    await backend.create()
    await backend.write('config', '', Buffer.from('config'))
    await backend.write('pack', name, content)
    await disk.unmountLazily()
    await expect(backend.create()).rejects.toMatchObject(gone)
    await expect(backend.write('index', name, content)).rejects.toMatchObject(gone)
    await expect(backend.read('pack', name)).rejects.toMatchObject(gone)
    await expect(backend.size('pack', name)).rejects.toMatchObject(gone)
    await expect(collect(backend.list('pack'))).rejects.toMatchObject(gone)
    await expect(backend.remove('pack', name)).rejects.toMatchObject(gone)
    await expect(backend.freeBytes!()).rejects.toMatchObject(gone)
    await expect(backend.sweepTemporary!(0)).rejects.toMatchObject(gone)
    expect(await readdir(disk.mountPoint)).toEqual([])
  })

  test('is named in the error, with what to do', async ({ disk, expected, path, expect }) => {
    const backend = withRetry(await openGuarded(path, expected))
    await backend.create()
    await disk.unmountLazily()
    await expect(backend.write('pack', name, content)).rejects.toMatchObject({
      transient: false,
      message: `disk ${expected.uuid} went away while it was in use: it is not mounted at ${expected.mount} any more`,
      hint: expect.stringContaining(
        `connect the disk with UUID ${expected.uuid}, mount it at ${expected.mount}`,
      ) as string,
    })
  })

  test('hides whatever else lies below its mount point, even another repository', async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    const backend = await openGuarded(path, expected)
    await backend.create()
    await backend.write('snapshot', name, content)
    await disk.unmountLazily()
    await makeRepositoryAt(path)
    const before = await filesBelow(path)
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(gone)
    await expect(collect(backend.list('snapshot'))).rejects.toMatchObject(gone)
    await expect(backend.create()).rejects.toMatchObject(gone)
    expect(await filesBelow(path)).toEqual(before)
  })

  test('in the very moment of a write leaves nothing on the disk below, even where a repository lies', async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    const local = await openLocalBackend(path)
    await local.create()
    await local.write('config', '', Buffer.from('config'))
    const watch = await watchDisk({ path, disk: expected })
    const write = local.write.bind(local)
    local.write = async (...args) => {
      await disk.unmountLazily()
      await makeRepositoryAt(path)
      await write(...args)
    }
    const backend = withDisk(local, watch)
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(gone)
    expect(await filesBelow(path)).toEqual(['config'])
    await using again = await openLocalBackend(path)
    expect(Buffer.from(await again.read('config', '')).toString()).toBe('another config')
    await disk.mount()
    expect(await collect(again.list('pack'))).toEqual([])
  })

  test('while it is looked at is not taken for the disk below', async ({ disk, expected, path, expect }) => {
    const system = new (class extends DiskSystem {
      override async mountOf(folder: string) {
        const mounted = await super.mountOf(folder)
        await disk.unmountLazily()
        return mounted
      }
    })()
    await expect(watchDisk({ path, disk: expected, system })).rejects.toMatchObject(gone)
  })

  test('and comes back can be used again', async ({ disk, expected, path, expect }) => {
    const backend = await openGuarded(path, expected)
    await backend.create()
    await disk.unmountLazily()
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(gone)
    await disk.mount()
    await backend.write('pack', name, content)
    expect(await collect(backend.list('pack'))).toEqual([{ name, size: content.length }])
  })

  test('for another one that gets its device number is told apart from it', async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    const backend = await openGuarded(path, expected)
    await backend.create()
    await disk.unmountLazily()
    await using other = await makeLoopDisk({ fileSystem: 'ext4' })
    await other.mount(disk.mountPoint)
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(gone)
    await other.unmountLazily(disk.mountPoint)
    // The same device, with a file system of another day.
    await runOk('mkfs.ext4', ['-q', '-F', disk.device], { env: { E2FSPROGS_FAKE_TIME: '1000000000' } })
    await disk.mount()
    await expect(backend.write('pack', name, content)).rejects.toMatchObject(gone)
    expect(await readdir(disk.mountPoint)).toEqual(['lost+found'])
  })
})

const metadata = {
  mode: 0o100_644,
  size: 0,
  ...{ uid: 0, gid: 0, mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n, inode: 0n, deviceId: 0n, links: 1n, rdev: 0n },
}

/** A directory with files whose contents are streams. */
function directoryOf(files: Readonly<Record<string, () => AsyncIterable<Uint8Array>>>): DirectoryEntry {
  const children = Object.entries(files).map(([name, open]): Entry => ({
    kind: 'file',
    name,
    metadata,
    content: { kind: 'stream', open },
  }))
  return { kind: 'directory', name: '', metadata: { ...metadata, mode: 0o040_755 }, children: () => children }
}

async function* pieces(seed: string, count: number, midway: () => Promise<void> = async () => undefined) {
  for (let piece = 0; piece < count; piece++) {
    if (piece === count / 2) await midway()
    yield randomBytesOf(`${seed} ${piece}`, MIB)
  }
}

async function openOn(path: string, disk: GuardOptions['disk']): Promise<Repository> {
  return await openRepository(withRetry(await openGuarded(path, disk)), { password })
}

async function backUpTo(repositories: readonly Repository[], root: DirectoryEntry) {
  const targets = repositories.map((repository) => ({ repository }))
  return await backUp(root, targets, {
    ...identity,
    uid: 0,
    gid: 0,
    tags: [],
    paths: ['/data'],
    excludes: [],
    programVersion: 'hikae test',
    readConcurrency: 2,
    packSizeBytes: 4 * MIB,
  })
}

async function makeRepository(path: string, disk: GuardOptions['disk']): Promise<void> {
  await using backend = await openGuarded(path, disk)
  await initRepository(backend, {
    password,
    ...identity,
    chunkerPolynomial: TEST_POLYNOMIAL,
    kdf: { N: 2, r: 1, p: 1 },
  })
}

describe.skipIf(noDisk)('a backup whose disk goes away', () => {
  test('fails for its repository alone, writes nothing to the system, and is made up for when the disk is back', async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    await using dir = await makeTempDir()
    await using sibling = await makeLoopDisk({ fileSystem: 'ext4' })
    await sibling.mount()
    const siblingDisk = { uuid: (await sibling.uuid())!, mount: sibling.mountPoint }
    const siblingPath = join(sibling.mountPoint, 'hikae')
    await makeRepository(path, expected)
    await makeRepository(siblingPath, siblingDisk)
    const first = directoryOf({ earlier: () => pieces('earlier', 2) })
    {
      await using repository = await openOn(path, expected)
      await using lock = await lockAndLoad(repository, 'shared')
      expect(lock.signal.aborted).toBe(false)
      await backUpTo([repository], first)
    }
    {
      await using failing = await openOn(path, expected)
      await using whole = await openOn(siblingPath, siblingDisk)
      await using locks = new AsyncDisposableStack()
      for (const repository of [failing, whole]) locks.use(await lockAndLoad(repository, 'shared'))
      const root = directoryOf({ big: () => pieces('big', 24, () => disk.unmountLazily()) })
      const { outcome, repositories } = await backUpTo([failing, whole], root)
      expect(outcome).toBe('failed')
      expect(repositories.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded'])
      expect(repositories[0]!.error).toMatchObject({
        code: 'DISK_GONE',
        hint: expect.stringContaining(expected.uuid) as string,
      })
    }
    expect(await readdir(disk.mountPoint)).toEqual([])
    await disk.mount()
    await using repository = await openOn(path, expected)
    await using lock = await lockAndLoad(repository, 'shared')
    expect(lock.signal.aborted).toBe(false)
    expect(await repository.listIds('snapshot')).toHaveLength(1)
    const { repositories } = await backUpTo([repository], directoryOf({ big: () => pieces('big', 24) }))
    expect(repositories[0]!.outcome).toBe('succeeded')
    await restore(repository, repositories[0]!.snapshot!, { target: dir.join('restored') })
    const [restored] = await filesBelow(dir.join('restored'))
    const bytes = await readFile(dir.join('restored', restored!))
    expect(Buffer.compare(bytes, Buffer.concat(await collect(pieces('big', 24))))).toBe(0)
  })

  test('says that the disk is full when it is, and the snapshots before it stay', async ({
    expected,
    path,
    expect,
  }) => {
    await makeRepository(path, expected)
    await using repository = await openOn(path, expected)
    await using lock = await lockAndLoad(repository, 'shared')
    expect(lock.signal.aborted).toBe(false)
    await backUpTo([repository], directoryOf({ earlier: () => pieces('earlier', 2) }))
    const { repositories } = await backUpTo([repository], directoryOf({ big: () => pieces('big', 100) }))
    expect(repositories[0]!.error).toMatchObject({ message: expect.stringContaining('no space left') as string })
    expect((await filesBelow(path)).filter((file) => file.includes('-tmp-'))).toEqual([])
    expect(await repository.listIds('snapshot')).toHaveLength(1)
    expect(await refusal({ path, disk: expected, minimumFreeBytes: 50 * MIB })).toMatchObject({ code: 'DISK_FULL' })
  })
})

describe.skipIf(noDisk)('the list of disks', () => {
  const listed = async (disk: LoopDisk) =>
    (await listDisks(new DiskSystem())).find(({ device }) => device === disk.device)!

  test('tells what a mounted disk holds, where it is, how much is free, and which repositories are on it', async ({
    disk,
    expected,
    path,
    expect,
  }) => {
    await makeRepository(path, expected)
    await makeRepository(join(disk.mountPoint, 'backups', 'nightly'), expected)
    await makeRepository(join(disk.mountPoint, 'too', 'deep', 'down'), expected)
    await mkdir(join(disk.mountPoint, 'photos', 'data'), { recursive: true })
    expect(await listed(disk)).toMatchObject({
      type: 'loop',
      sizeBytes: 64 * MIB,
      content: { type: 'ext4', label: 'ours', uuid: expected.uuid },
      mounts: [disk.mountPoint],
      freeBytes: expect.closeTo(55 * MIB, -8) as number,
      readOnly: false,
      isSystem: false,
      preparedAt: undefined,
      repositories: [join(disk.mountPoint, 'backups', 'nightly'), path],
    })
  })

  test('tells of a disk that is read-only, one that is not mounted, and one that holds nothing', async ({
    disk,
    expected,
    expect,
  }) => {
    await disk.remount('read-only')
    expect(await listed(disk)).toMatchObject({ readOnly: true })
    await disk.unmountLazily()
    expect(await listed(disk)).toMatchObject({
      content: { uuid: expected.uuid },
      mounts: [],
      freeBytes: undefined,
      repositories: [],
    })
    await using empty = await makeLoopDisk()
    expect(await listed(empty)).toMatchObject({ content: { type: undefined, uuid: undefined }, mounts: [] })
    await using locked = await makeLoopDisk({ fileSystem: 'ext4', readOnly: true })
    expect(await listed(locked)).toMatchObject({ readOnly: true })
  })
})
