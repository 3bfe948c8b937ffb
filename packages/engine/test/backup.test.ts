import { createHash } from 'node:crypto'
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  type Backend,
  type BackupOptions,
  type BackupReport,
  backUp,
  type BlobId,
  type DirectoryEntry,
  EmptyBackupError,
  type Entry,
  type EntryMetadata,
  type FileContent,
  initRepository,
  lockAndLoad,
  MemoryBackend,
  openRepository,
  type Repository,
  type TreeId,
} from '@hikae/engine'
import { faultAt, makeTempDir, OTHER_POLYNOMIAL, randomBytesOf, TEST_POLYNOMIAL, withFaults } from '@hikae/testkit'
import { describe, expect, test } from 'vitest'
import { CHUNK_PROFILES } from '../src/chunker/profile.ts'
import { createScanner } from '../src/chunker/scanner.ts'
import { openTargets } from '../src/filesystem/targets.ts'
import { blobsOfTree } from './support/blobs-of-tree.ts'
import { INIT, PASSWORD } from './support/ground.ts'

const MIB = 1024 * 1024

const options: BackupOptions = {
  hostname: 'host',
  username: 'user',
  uid: 1000,
  gid: 1000,
  tags: [],
  paths: ['/data'],
  excludes: [],
  programVersion: 'hikae test',
  readConcurrency: 2,
}

async function newRepository(backend: Backend = new MemoryBackend()): Promise<Repository> {
  await initRepository(backend, INIT)
  return await openRepository(backend, { password: PASSWORD })
}

async function backUpTo(
  repositories: readonly Repository[],
  root: DirectoryEntry,
  more: Partial<BackupOptions> = {},
): Promise<BackupReport> {
  for (const repository of repositories) await repository.loadIndex()
  const targets = repositories.map((repository) => ({ repository }))
  return await backUp(root, targets, { ...options, ...more })
}

/** Without the directories above, which other tests change meanwhile. */
function rootOf(path: string): DirectoryEntry {
  return openTargets([basename(path)], { workingDirectory: dirname(path) }).root
}

/** Where {@link rootOf} puts what lies in a directory. */
function storedPath(directory: string, name: string): string {
  return `/${basename(directory)}/${name}`
}

/** A directory of entries that exist in memory only. */
function directoryOf(...children: Entry[]): DirectoryEntry {
  return { kind: 'directory', name: '', metadata: metadataOf(0o040_755, 0), children: () => children }
}

function streamEntry(name: string, pieces: () => AsyncIterable<Uint8Array>): Entry {
  return { kind: 'file', name, metadata: metadataOf(0o100_644, 0), content: { kind: 'stream', open: pieces } }
}

function metadataOf(mode: number, size: number): EntryMetadata {
  const zero = { uid: 0, gid: 0, mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n, inode: 0n, deviceId: 0n, links: 1n, rdev: 0n }
  return { mode, size, ...zero }
}

/** A name of a file that has others, all of the same inode. */
function named(name: string, inode: bigint, content: FileContent): Entry {
  return { kind: 'file', name, metadata: { ...metadataOf(0o100_644, 5), inode, links: 2n }, content }
}

function streamOf(text: string, more: { isAlwaysRead?: boolean } = {}): FileContent {
  return { kind: 'stream', open: () => pieceOf(text), ...more }
}

async function* pieceOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** The content of every file of the newest snapshot, by path. */
async function contents(repository: Repository): Promise<Map<string, Buffer>> {
  await repository.loadIndex()
  const snapshots = await repository.snapshots()
  const found = new Map<string, Buffer>()
  async function visit(tree: TreeId, path: string): Promise<void> {
    for (const node of (await repository.readTree(tree)).nodes) {
      const nodePath = `${path}/${node.name}`
      if (node.subtree) await visit(node.subtree, nodePath)
      if (!node.content) continue
      const blobs = await Promise.all(node.content.map((id) => repository.readBlob('data', id)))
      found.set(nodePath, Buffer.concat(blobs))
    }
  }
  await visit(snapshots.at(-1)!.tree, '')
  return found
}

describe('a backup of a directory', () => {
  test('stores every file whole, small, middling and larger than the window of a thread', async () => {
    await using dir = await makeTempDir()
    const files = new Map([
      ['empty', Buffer.alloc(0)],
      ['small', randomBytesOf('a', 5000)],
      ['one-chunk', randomBytesOf('b', 512 * 1024)],
      ['middling', randomBytesOf('c', 20 * MIB)],
      ['zeros', Buffer.alloc(9 * MIB)],
      ['large', randomBytesOf('d', 75 * MIB + 17)],
    ])
    for (const [name, content] of files) await writeFile(join(dir.path, name), content)
    await using repository = await newRepository()
    const report = await backUpTo([repository], rootOf(dir.path))
    expect(report.outcome).toBe('succeeded')
    const stored = await contents(repository)
    for (const [name, content] of files) expect(stored.get(storedPath(dir.path, name))?.equals(content)).toBe(true)
  })

  test('cuts a large file as one serial pass would, though several threads read it', async () => {
    await using dir = await makeTempDir()
    const content = randomBytesOf('serial', 70 * MIB)
    await writeFile(join(dir.path, 'large'), content)
    const scanner = createScanner(TEST_POLYNOMIAL, content.length)
    content.copy(scanner.buffer)
    const cuts: number[] = []
    scanner.cutAll(CHUNK_PROFILES.standard, 0, content.length, true, cuts)
    const expected = cuts.map((cut, index) => sha256(content.subarray(cuts[index - 1] ?? 0, cut)))
    await using repository = await newRepository()
    await backUpTo([repository], rootOf(dir.path))
    const [snapshot] = await repository.snapshots()
    await repository.loadIndex()
    const { nodes } = await blobsOfTree(repository, snapshot!.tree)
    expect(nodes.find(({ name }) => name === 'large')?.content).toEqual(expected)
  })

  test('reads only what changed the second time, and stores only what is new', async () => {
    await using dir = await makeTempDir()
    await mkdir(join(dir.path, 'sub'))
    for (let file = 0; file < 50; file++) {
      await writeFile(join(dir.path, 'sub', `f${file}`), randomBytesOf(`f${file}`, 3000))
    }
    await using repository = await newRepository()
    const first = await backUpTo([repository], rootOf(dir.path))
    await appendFile(join(dir.path, 'sub', 'f7'), 'more')
    await rm(join(dir.path, 'sub', 'f8'))
    const second = await backUpTo([repository], rootOf(dir.path))
    expect(first.repositories[0]!.summary).toMatchObject({ filesNew: 50, filesUnmodified: 0, dataBlobs: 50 })
    const { summary } = second.repositories[0]!
    expect(summary).toMatchObject({ filesNew: 0, filesChanged: 1, filesUnmodified: 48, dataBlobs: 1 })
    expect(second.repositories[0]!.parent).toBe(first.repositories[0]!.snapshot!.id)
    const third = await backUpTo([repository], rootOf(dir.path))
    expect(third.tree).toBe(second.tree)
    expect(third.repositories[0]!.summary).toMatchObject({ dataBlobs: 0, treeBlobs: 0, filesUnmodified: 49 })
  })

  test('makes no snapshot of an unchanged tree when asked not to, and none in a dry run', async () => {
    await using dir = await makeTempDir()
    await writeFile(join(dir.path, 'a'), 'a')
    const backend = withFaults(new MemoryBackend())
    await using repository = await newRepository(backend)
    await backUpTo([repository], rootOf(dir.path))
    const unchanged = await backUpTo([repository], rootOf(dir.path), { skipIfUnchanged: true })
    expect(unchanged.repositories[0]!.snapshot).toBeUndefined()
    await writeFile(join(dir.path, 'b'), 'b')
    const writesBefore = backend.calls.filter(({ operation }) => operation === 'write').length
    const dry = await backUpTo([repository], rootOf(dir.path), { dryRun: true })
    expect(dry.repositories[0]!.summary).toMatchObject({ filesNew: 1, dataBlobs: 1 })
    expect(backend.calls.filter(({ operation }) => operation === 'write').length).toBe(writesBefore)
  })

  test('reads unchanged files again when the repository has lost their content', async () => {
    await using dir = await makeTempDir()
    await writeFile(join(dir.path, 'precious'), randomBytesOf('precious', 2 * MIB))
    const backend = new MemoryBackend()
    await using repository = await newRepository(backend)
    await backUpTo([repository], rootOf(dir.path))
    for (const { id } of await repository.listIds('index')) await backend.remove('index', id)
    await using reopened = await openRepository(backend, { password: PASSWORD })
    const report = await backUpTo([reopened], rootOf(dir.path))
    expect(report.repositories[0]!.summary.dataBlobs).toBeGreaterThan(0)
    expect((await contents(reopened)).get(storedPath(dir.path, 'precious'))).toEqual(randomBytesOf('precious', 2 * MIB))
  })

  test('names what cannot be read, keeps the rest, and is incomplete', async () => {
    const unreadable: Entry = { kind: 'unreadable', path: '/data/secret', error: new Error('permission denied') }
    const root = directoryOf(
      unreadable,
      streamEntry('fine', () => pieces(Buffer.from('fine'))),
    )
    await using repository = await newRepository()
    const tagsAtEnd: BackupOptions['tagsAtEnd'] = ({ unreadable: missing }) =>
      missing.map(({ path }) => `${path} is missing`)
    const report = await backUpTo([repository], root, { tagsAtEnd })
    expect(report.outcome).toBe('incomplete')
    expect(report.unreadable).toEqual([{ path: '/data/secret', error: new Error('permission denied') }])
    expect(report.repositories[0]!.snapshot!.tags).toEqual(['/data/secret is missing'])
    expect([...(await contents(repository)).keys()]).toEqual(['/fine'])
  })

  test('of nothing is an error and no snapshot', async () => {
    await using repository = await newRepository()
    await expect(backUpTo([repository], directoryOf())).rejects.toThrow(EmptyBackupError)
    expect(await repository.snapshots()).toEqual([])
  })

  test('writes packs before the index that names them, and the snapshot last', async () => {
    await using dir = await makeTempDir()
    await writeFile(join(dir.path, 'large'), randomBytesOf('order', 40 * MIB))
    const backend = withFaults(new MemoryBackend())
    await using repository = await newRepository(backend)
    await backUpTo([repository], rootOf(dir.path), { packSizeBytes: 4 * MIB })
    const kinds = backend.calls.filter(({ operation }) => operation === 'write').map(({ kind }) => kind)
    const ofBackup = kinds.slice(kinds.indexOf('pack'))
    expect(ofBackup.filter((kind) => kind === 'pack').length).toBeGreaterThan(8)
    expect(ofBackup.at(-1)).toBe('snapshot')
    expect(ofBackup.lastIndexOf('pack')).toBeLessThan(ofBackup.indexOf('index'))
  })
})

describe('a backup of a stream', () => {
  test('opens it when every file before it has been read', async () => {
    await using dir = await makeTempDir()
    await mkdir(dir.join('files'))
    await writeFile(dir.join('files/large'), randomBytesOf('large', 40 * MIB))
    for (let index = 0; index < 100; index++) await writeFile(dir.join(`files/small ${index}`), `content ${index}`)
    const last = streamEntry('last', async function* () {
      await rm(dir.join('files'), { recursive: true })
      yield Buffer.from('they are gone')
    })
    const { root } = openTargets(['files'], { workingDirectory: dir.path })
    const children = async function* (signal: AbortSignal): AsyncGenerator<Entry> {
      yield* root.children(signal)
      yield last
    }
    const report = await backUpTo([await newRepository()], { ...root, children })
    expect(report).toMatchObject({ outcome: 'succeeded', unreadable: [] })
    expect(report.repositories[0]!.summary.totalFilesProcessed).toBe(102)
  })

  test('finds the chunks of the same content in a file', async () => {
    await using dir = await makeTempDir()
    const content = randomBytesOf('stream', 30 * MIB)
    await writeFile(join(dir.path, 'file'), content)
    await using repository = await newRepository()
    await backUpTo([repository], rootOf(join(dir.path, 'file')))
    const report = await backUpTo([repository], directoryOf(streamEntry('dump', () => pieces(content))))
    expect(report.repositories[0]!.summary.dataBlobs).toBe(0)
    expect((await contents(repository)).get('/dump')?.equals(content)).toBe(true)
  })

  test('that fails before its end makes no snapshot', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield randomBytesOf('half', 9 * MIB)
      throw new Error('pg_dump exited with 1')
    }
    await using repository = await newRepository()
    await expect(backUpTo([repository], directoryOf(streamEntry('dump', failing)))).rejects.toThrow('exited with 1')
    expect(await repository.snapshots()).toEqual([])
  })
})

describe('a backup to several repositories', () => {
  test('gives each the same tree, and each only what it lacks', async () => {
    await using dir = await makeTempDir()
    await writeFile(join(dir.path, 'a'), randomBytesOf('a', 3 * MIB))
    await using first = await newRepository()
    await using second = await newRepository()
    await backUpTo([first], rootOf(dir.path))
    await writeFile(join(dir.path, 'b'), randomBytesOf('b', 3 * MIB))
    const report = await backUpTo([first, second], rootOf(dir.path))
    const [one, two] = report.repositories
    expect(one!.snapshot!.tree).toBe(two!.snapshot!.tree)
    expect(two!.summary.dataBlobs).toBeGreaterThan(one!.summary.dataBlobs)
    expect(await contents(second)).toEqual(await contents(first))
  })

  test('goes on without the one that fails, which has no snapshot and its error in the report', async () => {
    await using dir = await makeTempDir()
    await writeFile(join(dir.path, 'a'), randomBytesOf('a', 30 * MIB))
    const broken = new Error('disk on fire')
    const faulty = withFaults(
      new MemoryBackend(),
      faultAt({ operation: 'write', kind: 'pack', nth: 2 }, { kind: 'fail-before', error: broken }),
    )
    await using good = await newRepository()
    await using bad = await newRepository(faulty)
    const report = await backUpTo([bad, good], rootOf(dir.path), { packSizeBytes: 4 * MIB })
    expect(report.outcome).toBe('failed')
    expect(report.repositories.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded'])
    expect(report.repositories[0]!.error).toBe(broken)
    expect(await bad.snapshots()).toEqual([])
    expect((await contents(good)).get(storedPath(dir.path, 'a'))?.equals(await readFile(join(dir.path, 'a')))).toBe(
      true,
    )
  })

  test('fails as a whole only when none is left', async () => {
    await using dir = await makeTempDir()
    await writeFile(join(dir.path, 'a'), randomBytesOf('a', 80 * MIB))
    const fault = () =>
      withFaults(
        new MemoryBackend(),
        faultAt({ operation: 'write', kind: 'pack' }, { kind: 'fail-before', error: new Error('full') }),
      )
    await using one = await newRepository(fault())
    await using two = await newRepository(fault())
    const report = await backUpTo([one, two], rootOf(dir.path), { packSizeBytes: 4 * MIB })
    expect(report.repositories.map(({ outcome }) => outcome)).toEqual(['failed', 'failed'])
  })

  test('with other chunker parameters is refused', async () => {
    const other = new MemoryBackend()
    await initRepository(other, { ...INIT, chunkerPolynomial: OTHER_POLYNOMIAL })
    await using one = await newRepository()
    await using two = await openRepository(other, { password: PASSWORD })
    await expect(backUpTo([one, two], directoryOf())).rejects.toThrow(/do not cut content in the same way/)
  })
})

describe('an interrupted backup', () => {
  test('makes no snapshot, and what it stored is not stored again', async () => {
    await using dir = await makeTempDir()
    for (let file = 0; file < 60; file++) {
      await writeFile(join(dir.path, `f${file}`), randomBytesOf(`f${file}`, 3 * MIB))
    }
    await using repository = await newRepository()
    const interruption = new AbortController()
    const interrupted = backUpTo([repository], rootOf(dir.path), {
      signal: interruption.signal,
      packSizeBytes: 4 * MIB,
      onItem: ({ path }) => path.endsWith('f3') && interruption.abort(new Error('interrupted')),
    })
    await expect(interrupted).rejects.toThrow('interrupted')
    expect(await repository.snapshots()).toEqual([])
    await repository.loadIndex()
    expect(repository.index.size).toBeGreaterThan(3)
    const kept = repository.index.size
    const again = await backUpTo([repository], rootOf(dir.path))
    const all = await newRepository()
    const fresh = await backUpTo([all], rootOf(dir.path))
    expect(again.repositories[0]!.summary.dataBlobs).toBe(fresh.repositories[0]!.summary.dataBlobs - kept)
  })

  test('ends in peace in the middle of a stream that has nothing to say for a while', async () => {
    await using repository = await newRepository()
    const interruption = new AbortController()
    const slow = streamEntry('slow', async function* () {
      yield randomBytesOf('slow', 48 * MIB)
      interruption.abort(new Error('interrupted'))
      // What waits for threads has been given up by now; nobody but this stream is asked until it goes on.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 10))
    })
    const interrupted = backUpTo([repository], directoryOf(slow), { signal: interruption.signal })
    await expect(interrupted).rejects.toThrow('interrupted')
    expect(await repository.snapshots()).toEqual([])
  })

  test('whose lock was lost counts as failed for that repository only', async () => {
    await using dir = await makeTempDir()
    await writeFile(join(dir.path, 'a'), randomBytesOf('a', 20 * MIB))
    await using one = await newRepository()
    await using two = await newRepository()
    await using _lock = await lockAndLoad(two, 'shared')
    await one.loadIndex()
    const lost = AbortSignal.abort(new Error('lock lost'))
    const later = new AbortController()
    const report = await backUp(rootOf(dir.path), [{ repository: one, signal: later.signal }, { repository: two }], {
      ...options,
      onItem: () => later.abort(lost.reason),
    })
    expect(report.repositories.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded'])
  })
})

async function* pieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100_000) yield content.subarray(at, at + 100_000)
}

function sha256(content: Uint8Array): BlobId {
  return createHash('sha256').update(content).digest('hex') as BlobId
}

describe('entries that come as a stream', () => {
  test('are not read again for their further names, whether the first was read or is unchanged', async () => {
    await using repository = await newRepository()
    const root = directoryOf(
      named('first', 7n, streamOf('seven')),
      named('other', 8n, streamOf('eight')),
      named('further', 7n, { kind: 'link' }),
    )
    for (const filesUnmodified of [0, 2]) {
      const { outcome, repositories } = await backUpTo([repository], root)
      expect(outcome).toBe('succeeded')
      expect(repositories[0]!.summary).toMatchObject({ filesUnmodified })
      const stored = await contents(repository)
      expect([...stored].map(([path, content]) => `${path} ${content.toString()}`)).toEqual([
        '/first seven',
        '/further seven',
        '/other eight',
      ])
    }
  })

  test('are unreadable under a further name when the first is not in the backup', async () => {
    await using repository = await newRepository()
    const root = directoryOf(named('other', 8n, streamOf('eight')), named('further', 7n, { kind: 'link' }))
    const { outcome, unreadable } = await backUpTo([repository], root)
    expect(outcome).toBe('incomplete')
    expect(unreadable.map(({ path }) => path)).toEqual(['/further'])
  })

  test('are read although nothing seems to have changed, where that proves nothing', async () => {
    await using repository = await newRepository()
    const read = async (text: string, isAlwaysRead: boolean): Promise<string | undefined> => {
      await backUpTo([repository], directoryOf(named('file', 7n, streamOf(text, { isAlwaysRead }))))
      return (await contents(repository)).get('/file')?.toString()
    }
    expect(await read('seven', false)).toBe('seven')
    expect(await read('eight', false)).toBe('seven')
    expect(await read('eight', true)).toBe('eight')
  })

  test('have the names of their owners where they are from', async () => {
    await using repository = await newRepository()
    const owned = (name: string, owner: object): Entry => {
      return { kind: 'fifo', name, metadata: { ...metadataOf(0o010_644, 0), ...owner } }
    }
    const root = directoryOf(owned('a', {}), owned('b', { user: 'app', group: '' }))
    await backUpTo([repository], root)
    await repository.loadIndex()
    const { nodes } = await repository.readTree((await repository.snapshots())[0]!.tree)
    expect(nodes.map(({ user, group }) => [user, group])).toEqual([
      ['root', 'root'],
      ['app', undefined],
    ])
  })
})
