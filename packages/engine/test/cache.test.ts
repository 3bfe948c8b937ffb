import { mkdir, readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import {
  BackendError,
  FileMissingError,
  MemoryBackend,
  openRepository,
  planPrune,
  prune,
  RangeOutsideFileError,
  check,
  removeOldCaches,
  withCache,
  type Backend,
  type CacheError,
  type CacheOptions,
  type FileKind,
  type ReadOptions,
  type WriteOptions,
} from '@hikae/engine'
import {
  collect,
  describeBackend,
  faultAt,
  makeSmallDisk,
  makeTempDir,
  randomBytesOf,
  skipBecause,
  whyNoSmallDisk,
  withFaults,
  type FaultPlan,
  type RecordedCall,
} from '@hikae/testkit'
import { sha256Id } from '../src/crypto/hash.ts'
import { backUpDirectory, copyAll, makeGround, namesOf, PASSWORD, type Ground } from './support/ground.ts'

const REPOSITORY = 'f'.repeat(64)
const FOLDERS = { index: 'index', snapshot: 'snapshots', pack: 'data' } as const
const KINDS = ['index', 'snapshot', 'pack'] as const
type Kept = (typeof KINDS)[number]

const noDisk = skipBecause(await whyNoSmallDisk())

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return await makeGround(dir)
  })
// oxlint-enable no-empty-pattern

/** A repository far away, what was asked of it, and caches of it: each like a program of its own. */
function makeFar(folder: string, plan?: FaultPlan, stored: Backend = new MemoryBackend()) {
  const far = withFaults(stored, plan)
  const troubles: CacheError[] = []
  return {
    stored,
    troubles,
    calls: far.calls,
    /** Reads that went to the repository; of packs, the others are {@link FaultyBackend.calls} too. */
    reads: (kind?: FileKind): readonly RecordedCall[] =>
      far.calls.filter((call) => call.operation === 'read' && (kind === undefined || call.kind === kind)),
    open: (options: Partial<CacheOptions> = {}): Backend =>
      withCache(far, { folder, repositoryId: REPOSITORY, onTrouble: (error) => troubles.push(error), ...options }),
    put: async (kind: FileKind, content: Buffer): Promise<string> => {
      const name = sha256Id(content)
      await stored.write(kind, name, content)
      return name
    },
  }
}

function pathOf(folder: string, kind: Kept, name: string): string {
  return join(folder, REPOSITORY, FOLDERS[kind], name.slice(0, 2), name)
}

async function keptNames(folder: string, kind: Kept, repository = REPOSITORY): Promise<string[]> {
  const root = join(folder, repository, FOLDERS[kind])
  const files = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  return files.filter((file) => file.isFile()).map(({ name }) => name).sort() // prettier-ignore
}

const TREES = { holdsTrees: true } as const

/** Reads as the kind is usually read: packs of trees in parts. */
async function digestOf(backend: Backend, kind: Kept, name: string): Promise<string> {
  return sha256Id(await backend.read(kind, name, kind === 'pack' ? TREES : {}))
}

/** As if every pack held trees. */
class OnlyTrees extends MemoryBackend {
  readonly #cache: Backend
  constructor(cache: Backend) {
    super()
    this.#cache = cache
  }
  override create(signal?: AbortSignal) {
    return this.#cache.create(signal)
  }
  override read(kind: FileKind, name: string, options: ReadOptions = {}) {
    return this.#cache.read(kind, name, { ...options, ...TREES })
  }
  override write(kind: FileKind, name: string, content: Uint8Array, options: WriteOptions = {}) {
    return this.#cache.write(kind, name, content, { ...options, ...TREES })
  }
  override size(kind: FileKind, name: string, signal?: AbortSignal) {
    return this.#cache.size(kind, name, signal)
  }
  override async *list(kind: Exclude<FileKind, 'config'>, signal?: AbortSignal) {
    yield* this.#cache.list(kind, signal)
  }
  override remove(kind: FileKind, name: string, signal?: AbortSignal) {
    return this.#cache.remove(kind, name, signal)
  }
}

async function openSubject(wrap: (cache: Backend) => Backend = (cache) => cache) {
  const dir = await makeTempDir()
  const cache = withCache(new MemoryBackend(), { folder: dir.path, repositoryId: REPOSITORY })
  return { backend: wrap(cache), [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() }
}

describeBackend('a cache', () => openSubject())
describeBackend('a cache of packs', () => openSubject((cache) => new OnlyTrees(cache)))

describe('what is kept', () => {
  test.for(KINDS)('a %s is fetched once, for this program and the next', async (kind, { dir, expect }) => {
    const far = makeFar(dir.path)
    const content = randomBytesOf(kind, 100_000)
    const name = await far.put(kind, content)
    for (let program = 0; program < 2; program++) {
      await using cache = far.open()
      for (let time = 0; time < 2; time++) expect(await digestOf(cache, kind, name)).toBe(name)
      const part = await cache.read(kind, name, { offset: 99_000, length: 500, ...TREES })
      expect(content.subarray(99_000, 99_500).equals(part)).toBe(true)
    }
    expect(far.reads()).toHaveLength(1)
    expect(far.troubles).toEqual([])
  })

  test.for(KINDS)('a %s that was written is kept already', async (kind, { dir, expect }) => {
    const far = makeFar(dir.path)
    const content = randomBytesOf(kind, 100_000)
    const name = sha256Id(content)
    await far.open().write(kind, name, content, TREES)
    expect(await digestOf(far.open(), kind, name)).toBe(name)
    expect(far.reads()).toEqual([])
    expect(sha256Id(await far.stored.read(kind, name))).toBe(name)
  })

  test('the first part of a pack of trees brings all of it, a part of another pack only that', async ({
    dir,
    expect,
  }) => {
    const far = makeFar(dir.path)
    const [trees, data] = [
      await far.put('pack', randomBytesOf('trees', 50_000)),
      await far.put('pack', randomBytesOf('data', 50_000)),
    ]
    const cache = far.open()
    for (let offset = 0; offset < 50_000; offset += 10_000) {
      await cache.read('pack', trees, { offset, length: 100, ...TREES })
      await cache.read('pack', data, { offset, length: 100 })
    }
    expect(far.reads().filter(({ fileName }) => fileName === trees)).toHaveLength(1)
    expect(far.reads().filter(({ fileName }) => fileName === data)).toHaveLength(5)
    expect(await keptNames(dir.path, 'pack')).toEqual([trees])
    await cache.read('pack', trees, { offset: 7, length: 7 })
    expect(far.reads()).toHaveLength(6)
  })

  test('keys, locks, the config and packs of data are never kept', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const cache = far.open()
    for (const kind of ['key', 'lock', 'pack'] as const) {
      const content = Buffer.from(`a ${kind}`)
      await cache.write(kind, sha256Id(content), content)
      for (let time = 0; time < 2; time++) await cache.read(kind, sha256Id(content))
    }
    await cache.write('config', '', Buffer.from('config'))
    for (let time = 0; time < 2; time++) await cache.read('config', '')
    expect(far.reads()).toHaveLength(8)
    for (const kind of KINDS) expect(await keptNames(dir.path, kind)).toEqual([])
  })

  test('the folder is laid out as restic does it, for nobody else to read', async ({ dir, expect }) => {
    const folder = dir.join('not', 'yet')
    const far = makeFar(folder)
    const cache = far.open()
    for (const kind of KINDS) {
      const content = Buffer.from(`a ${kind}`)
      await cache.write(kind, sha256Id(content), content, TREES)
      expect(await readFile(pathOf(folder, kind, sha256Id(content)), 'utf8')).toBe(`a ${kind}`)
    }
    expect(await readFile(join(folder, REPOSITORY, 'version'), 'utf8')).toBe('1')
    expect(await readFile(join(folder, 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    )
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name))
      expect([entry.name, mode & 0o777]).toEqual([entry.name, entry.isDirectory() ? 0o700 : 0o600])
    }
  })

  test('opening marks the cache as used now', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const name = await far.put('index', Buffer.from('index'))
    await far.open().read('index', name)
    await utimes(dir.join(REPOSITORY), 1000, 1000)
    await far.open().read('index', name)
    expect((await stat(dir.join(REPOSITORY))).mtimeMs).toBeGreaterThan(Date.parse('2026-01-01'))
  })

  test('many who read a pack for the first time at once fetch it once', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const content = randomBytesOf('pack', 200_000)
    const name = await far.put('pack', content)
    const cache = far.open()
    const offsets = Array.from({ length: 50 }, (_, index) => index * 4000)
    const parts = await Promise.all(
      offsets.map((offset) => cache.read('pack', name, { offset, length: 4000, ...TREES })),
    )
    expect(sha256Id(Buffer.concat(parts))).toBe(name)
    expect(far.reads()).toHaveLength(1)
  })

  test('when the first reader gives up, the others still get what it asked for', async ({ dir, expect }) => {
    const far = makeFar(dir.path, faultAt({ operation: 'read' }, { kind: 'delay', ms: 50 }))
    const name = await far.put('pack', randomBytesOf('pack', 1000))
    const cache = far.open()
    const controller = new AbortController()
    const first = cache.read('pack', name, { ...TREES, signal: controller.signal })
    const second = digestOf(cache, 'pack', name)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    expect(await second).toBe(name)
    expect(far.reads()).toHaveLength(1)
  })

  test('a pack that is too large to keep is read in parts', async ({ dir, expect }) => {
    class Huge extends MemoryBackend {
      override size = async () => 128 * 1024 ** 2 + 1
    }
    const far = makeFar(dir.path, undefined, new Huge())
    const content = randomBytesOf('pack', 10_000)
    const name = await far.put('pack', content)
    const cache = far.open()
    for (const offset of [0, 5000]) {
      const part = await cache.read('pack', name, { offset, length: 100, ...TREES })
      expect(content.subarray(offset, offset + 100).equals(part)).toBe(true)
    }
    expect(far.calls.filter(({ operation }) => operation === 'size')).toHaveLength(1)
    expect(await keptNames(dir.path, 'pack')).toEqual([])
    const small = far.open({ maxBytes: 5000 })
    await small.write('pack', sha256Id(content.subarray(1)), content.subarray(1), TREES)
    expect(await keptNames(dir.path, 'pack')).toEqual([])
    expect(far.troubles).toEqual([])
  })
})

describe('what is no longer stored', () => {
  async function filled(folder: string) {
    const far = makeFar(folder)
    const names = await Promise.all([1, 2, 3].map((number) => far.put('index', Buffer.from(`index ${number}`))))
    const cache = far.open()
    for (const name of names) await cache.read('index', name)
    return { far, names: names.sort(), cache }
  }

  test('is no longer kept after a list', async ({ dir, expect }) => {
    const { far, names, cache } = await filled(dir.path)
    await far.stored.remove('index', names[1]!)
    await collect(cache.list('snapshot'))
    expect(await keptNames(dir.path, 'index')).toEqual(names)
    await collect(cache.list('index'))
    expect(await keptNames(dir.path, 'index')).toEqual([names[0], names[2]])
    await expect(cache.read('index', names[1]!)).rejects.toBeInstanceOf(FileMissingError)
  })

  test('stays when a list was not read to its end, or failed', async ({ dir, expect }) => {
    const { far, names } = await filled(dir.path)
    await far.stored.remove('index', names[1]!)
    for await (const _first of far.open().list('index')) break
    const failing = makeFar(dir.path, faultAt({ operation: 'list' }, { kind: 'truncated' }), far.stored).open()
    await expect(collect(failing.list('index'))).rejects.toBeInstanceOf(BackendError)
    expect(await keptNames(dir.path, 'index')).toEqual(names)
  })

  test('a file that comes while a list goes on is not taken for one that has gone', async ({ dir, expect }) => {
    const { far, names, cache } = await filled(dir.path)
    const content = Buffer.from('a new index')
    let hasCome = false
    for await (const _file of cache.list('index')) {
      if (!hasCome) await far.open().write('index', sha256Id(content), content)
      hasCome = true
    }
    expect(await keptNames(dir.path, 'index')).toEqual([...names, sha256Id(content)].sort())
  })

  test('is no longer kept when it was removed here, or found missing', async ({ dir, expect }) => {
    const { far, names, cache } = await filled(dir.path)
    await cache.remove('index', names[0]!)
    await far.stored.remove('index', names[1]!)
    await expect(cache.size('index', names[1]!)).rejects.toBeInstanceOf(FileMissingError)
    await far.stored.remove('index', names[2]!)
    await expect(cache.remove('index', names[2]!)).rejects.toBeInstanceOf(FileMissingError)
    expect(await keptNames(dir.path, 'index')).toEqual([])
  })
})

describe('damage', () => {
  const WAYS: Record<string, (path: string) => Promise<void>> = {
    'one flipped bit': async (path) => {
      const content = await readFile(path)
      content[500] = content[500]! ^ 1
      await writeFile(path, content)
    },
    'a missing end': (path) => truncate(path, 500),
    'no content': (path) => truncate(path, 0),
    'a longer end': (path) => writeFile(path, 'more', { flag: 'a' }),
  }

  test.for(KINDS.flatMap((kind) => Object.keys(WAYS).map((way) => [kind, way] as const)))(
    'a kept %s with %s is fetched again, once',
    async ([kind, way], { dir, expect }) => {
      const far = makeFar(dir.path)
      const name = await far.put(kind, randomBytesOf(kind, 1000))
      await digestOf(far.open(), kind, name)
      await WAYS[way]!(pathOf(dir.path, kind, name))
      for (let program = 0; program < 2; program++) expect(await digestOf(far.open(), kind, name)).toBe(name)
      expect(far.reads()).toHaveLength(2)
      expect(sha256Id(await readFile(pathOf(dir.path, kind, name)))).toBe(name)
    },
  )

  test('a pack that somebody removes while it is in use is fetched again', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const name = await far.put('pack', randomBytesOf('pack', 1000))
    const cache = far.open()
    await digestOf(cache, 'pack', name)
    await rm(dir.join(REPOSITORY, 'data'), { recursive: true })
    expect(await digestOf(cache, 'pack', name)).toBe(name)
    await truncate(pathOf(dir.path, 'pack', name), 10)
    expect(await digestOf(cache, 'pack', name)).toBe(name)
    expect(far.reads()).toHaveLength(3)
    expect(far.troubles).toEqual([])
  })

  test('what is damaged in the repository is passed on as it is, and never kept', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const name = sha256Id(Buffer.from('something else'))
    for (const kind of KINDS) await far.stored.write(kind, name, Buffer.from('damaged'))
    const cache = far.open()
    for (const kind of KINDS) {
      expect(Buffer.from(await cache.read(kind, name, TREES)).toString()).toBe('damaged')
      const outside = cache.read(kind, name, { offset: 0, length: 100, ...TREES })
      await expect(outside).rejects.toBeInstanceOf(RangeOutsideFileError)
      expect(await keptNames(dir.path, kind)).toEqual([])
    }
  })

  test.for(KINDS)('a %s that was damaged on its way is read once more', async (kind, { dir, expect }) => {
    const far = makeFar(dir.path, faultAt({ operation: 'read', nth: 1 }, { kind: 'flipped-bit' }))
    const name = await far.put(kind, randomBytesOf(kind, 1000))
    expect(await digestOf(far.open(), kind, name)).toBe(name)
    expect(far.reads()).toHaveLength(2)
  })

  test('a pack that the storage refuses to give whole is read in parts', async ({ dir, expect }) => {
    const error = new BackendError('a bad sector')
    const far = makeFar(dir.path, faultAt({ operation: 'read', nth: 1 }, { kind: 'fail-before', error }))
    const content = randomBytesOf('pack', 1000)
    const name = await far.put('pack', content)
    const part = await far.open().read('pack', name, { offset: 10, length: 10, ...TREES })
    expect(content.subarray(10, 20).equals(part)).toBe(true)
  })

  test('trouble of the repository that may pass is not hidden', async ({ dir, expect }) => {
    const far = makeFar(dir.path, faultAt({ operation: 'read' }, { kind: 'fail-before' }))
    const name = await far.put('pack', Buffer.from('pack'))
    await expect(far.open().read('pack', name, TREES)).rejects.toMatchObject({ transient: true })
    expect(far.reads()).toHaveLength(1)
  })
})

describe('trouble with the folder', () => {
  /** Everything that is done with a cache, with a check of every result. */
  async function work(far: ReturnType<typeof makeFar>, label: string): Promise<void> {
    const cache = far.open()
    for (const kind of KINDS) {
      const written = randomBytesOf(`${label} ${kind}`, 300_000)
      await cache.write(kind, sha256Id(written), written, TREES)
      const found = await far.put(kind, randomBytesOf(`${label} far ${kind}`, 300_000))
      for (const name of [sha256Id(written), found, found]) {
        if ((await digestOf(cache, kind, name)) !== name) throw new Error(`${kind} ${name} was read wrong`)
      }
      const names = (await collect(cache.list(kind))).map(({ name }) => name)
      if (!names.includes(found) || !names.includes(sha256Id(written))) throw new Error('the list is not complete')
      await cache.remove(kind, found)
    }
  }

  test.for([
    ['is a file', async (folder: string) => writeFile(folder, 'not a folder')],
    [
      'was made by a later version',
      async (folder: string) => {
        await mkdir(join(folder, REPOSITORY), { recursive: true })
        await writeFile(join(folder, REPOSITORY, 'version'), '2')
      },
    ],
    [
      'has a file where a folder should be',
      async (folder: string) => {
        await mkdir(join(folder, REPOSITORY), { recursive: true })
        for (const kind of KINDS) await writeFile(join(folder, REPOSITORY, FOLDERS[kind]), 'not a folder')
      },
    ],
  ] as const)(
    'a folder that %s is told of once, and everything works without it',
    async ([, spoil], { dir, expect }) => {
      const folder = dir.join('cache')
      await spoil(folder)
      const far = makeFar(folder)
      await work(far, 'spoiled')
      expect(far.troubles).toHaveLength(1)
      expect(far.troubles[0]).toMatchObject({ code: 'CACHE', message: expect.stringContaining(folder) })
      expect(far.troubles[0]!.hint).toContain('--no-cache')
    },
  )

  test('a file that cannot be read is passed by', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    for (const kind of KINDS) {
      const name = await far.put(kind, Buffer.from(kind))
      await mkdir(pathOf(dir.path, kind, name), { recursive: true })
      const cache = far.open()
      for (let time = 0; time < 2; time++) expect(await digestOf(cache, kind, name)).toBe(name)
    }
    expect(far.troubles.map(({ message }) => message)).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining('EISDIR')),
    )
  })

  test.skipIf(noDisk)('a full disk is told of once; what was kept before is still used', async ({ expect }) => {
    await using disk = await makeSmallDisk({ sizeBytes: 16 * 1024 * 1024 })
    const far = makeFar(disk.path)
    const before = await far.put('pack', randomBytesOf('before', 100_000))
    await digestOf(far.open(), 'pack', before)
    await disk.fill(200_000)
    await work(far, 'full')
    expect(far.troubles.map(({ message }) => message)).toEqual([expect.stringContaining('ENOSPC')])
    const earlier = far.reads().length
    expect(await digestOf(far.open(), 'pack', before)).toBe(before)
    expect(far.reads()).toHaveLength(earlier)
    const left = await readdir(join(disk.path, REPOSITORY), { recursive: true })
    expect(left.filter((path) => path.includes('tmp-'))).toEqual([])
  })

  test.skipIf(noDisk)('a read-only folder is used for reading, and heals nothing', async ({ expect }) => {
    await using disk = await makeSmallDisk({ sizeBytes: 16 * 1024 * 1024 })
    const far = makeFar(disk.path)
    const [whole, damaged] = await Promise.all([1, 2].map((number) => far.put('pack', randomBytesOf(number, 10_000))))
    for (const name of [whole!, damaged!]) await digestOf(far.open(), 'pack', name)
    await truncate(pathOf(disk.path, 'pack', damaged!), 5000)
    await disk.remount('read-only')
    const earlier = far.reads().length
    expect(await digestOf(far.open(), 'pack', whole!)).toBe(whole)
    expect(far.reads()).toHaveLength(earlier)
    expect(far.troubles).toEqual([])
    const cache = far.open()
    for (let time = 0; time < 2; time++) expect(await digestOf(cache, 'pack', damaged!)).toBe(damaged)
    await work(far, 'read-only')
    expect(far.troubles.map(({ message }) => message)).toEqual([
      expect.stringContaining('EROFS'),
      expect.stringContaining('EROFS'),
    ])
  })
})

describe('the size', () => {
  async function packs(far: ReturnType<typeof makeFar>, count: number): Promise<string[]> {
    const contents = Array.from({ length: count }, (_, number) => randomBytesOf(`pack ${number}`, 10_000))
    return Promise.all(contents.map((content) => far.put('pack', content)))
  }

  async function setUsed(folder: string, name: string, second: number): Promise<void> {
    await utimes(pathOf(folder, 'pack', name), second, second)
  }

  test('the packs that were used longest ago make room for others', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const names = await packs(far, 5)
    const [a, b, c, d, e] = names as [string, string, string, string, string]
    for (const [at, name] of [a, b, c].entries()) {
      await digestOf(far.open(), 'pack', name)
      await setUsed(dir.path, name, 1000 + at)
    }
    // Reading it counts as use, for later programs too.
    await digestOf(far.open(), 'pack', a)
    const cache = far.open({ maxBytes: 35_000 })
    await digestOf(cache, 'pack', d)
    expect(await keptNames(dir.path, 'pack')).toEqual([a, c, d].sort())
    await digestOf(cache, 'pack', e)
    expect(await keptNames(dir.path, 'pack')).toEqual([a, d, e].sort())
  })

  test('packs in use stay; when nothing else is left, others are read in parts', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const [a, b, c] = (await packs(far, 3)) as [string, string, string]
    const cache = far.open({ maxBytes: 25_000 })
    for (const name of [a, b, c, a, b, c]) {
      const part = await cache.read('pack', name, { offset: 0, length: 10, ...TREES })
      expect(part).toHaveLength(10)
    }
    expect(await keptNames(dir.path, 'pack')).toEqual([a, b].sort())
    expect(far.reads().filter(({ fileName }) => fileName === a)).toHaveLength(1)
    expect(far.troubles).toEqual([])
  })

  test('index files and snapshots count, but stay', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const [a, b, c, d] = (await packs(far, 4)) as [string, string, string, string]
    for (const name of [a, b]) await digestOf(far.open(), 'pack', name)
    await setUsed(dir.path, b, 1000)
    for (const kind of ['index', 'snapshot'] as const) {
      await far.open({ maxBytes: 1 }).read(kind, await far.put(kind, randomBytesOf(kind, 10_000)))
    }
    await digestOf(far.open({ maxBytes: 45_000 }), 'pack', c)
    expect(await keptNames(dir.path, 'pack')).toEqual([a, c].sort())
    await digestOf(far.open({ maxBytes: 15_000 }), 'pack', d)
    expect(await keptNames(dir.path, 'pack')).toEqual([])
    for (const kind of ['index', 'snapshot'] as const) expect(await keptNames(dir.path, kind)).toHaveLength(1)
  })

  test('removed packs leave room', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const [a, b, c] = (await packs(far, 3)) as [string, string, string]
    const cache = far.open({ maxBytes: 25_000 })
    for (const name of [a, b]) await digestOf(cache, 'pack', name)
    await cache.remove('pack', a)
    await digestOf(cache, 'pack', c)
    expect(await keptNames(dir.path, 'pack')).toEqual([b, c].sort())
  })

  test('what killed programs left half written goes after a day', async ({ dir, expect }) => {
    const far = makeFar(dir.path)
    const [a, b] = (await packs(far, 2)) as [string, string]
    await digestOf(far.open(), 'pack', a)
    const folder = dir.join(REPOSITORY, 'data', a.slice(0, 2))
    for (const name of ['tmp-old', 'tmp-new']) await writeFile(join(folder, name), 'half')
    await utimes(join(folder, 'tmp-old'), 1000, 1000)
    await digestOf(far.open(), 'pack', b)
    expect((await readdir(folder)).filter((name) => name.startsWith('tmp-'))).toEqual(['tmp-new'])
  })
})

test('programs that fill one folder at the same time do not hinder each other', async ({ dir, expect }) => {
  const far = makeFar(dir.path)
  const names = await Promise.all(
    Array.from({ length: 20 }, (_, number) => far.put('pack', randomBytesOf(number, 20_000))),
  )
  const programs = Array.from({ length: 6 }, () => far.open({ maxBytes: 300_000 }))
  const digests = await Promise.all(
    programs.flatMap((cache, program) => {
      const order = [...names.slice(program * 3), ...names.slice(0, program * 3)]
      return order.map(async (name) => [name, await digestOf(cache, 'pack', name)] as const)
    }),
  )
  expect(digests.filter(([name, digest]) => name !== digest)).toEqual([])
  expect(far.troubles).toEqual([])
  for (const name of await keptNames(dir.path, 'pack')) {
    expect(sha256Id(await readFile(pathOf(dir.path, 'pack', name)))).toBe(name)
  }
})

describe('a repository with a cache', () => {
  async function openCached(far: Backend, folder: string) {
    const repository = await openRepository(far, { password: PASSWORD, cache: { folder } })
    await repository.loadIndex()
    return repository
  }

  async function walk(far: Backend, folder: string, ground: Ground): Promise<void> {
    const repository = await openCached(far, folder)
    await repository.snapshots()
    for (const tree of ground.trees) await readAllTrees(repository, tree)
  }

  async function readAllTrees(repository: Awaited<ReturnType<typeof openCached>>, id: Ground['trees'][number]) {
    for (const node of (await repository.readTree(id)).nodes) {
      if (node.subtree !== undefined) await readAllTrees(repository, node.subtree)
    }
  }

  const readsOf = (calls: readonly RecordedCall[], kinds: readonly FileKind[]): readonly RecordedCall[] =>
    calls.filter(({ operation, kind }) => operation === 'read' && kind !== undefined && kinds.includes(kind))

  test('reads index, snapshots and trees from afar only once', async ({ dir, ground, expect }) => {
    const first = withFaults(ground.backend)
    await walk(first, dir.path, ground)
    expect(readsOf(first.calls, KINDS).length).toBeGreaterThan(6)
    const second = withFaults(ground.backend)
    await walk(second, dir.path, ground)
    expect(readsOf(second.calls, KINDS)).toEqual([])
  })

  test('reads nothing anew of what it backed up itself', async ({ dir, ground, expect }) => {
    const stored = await copyAll(ground.backend, new MemoryBackend())
    const writing = await openCached(withFaults(stored), dir.path)
    await backUpDirectory(writing, ground.fresh)
    const before = await namesOf(ground.backend, 'pack')
    const reading = withFaults(stored)
    const repository = await openCached(reading, dir.path)
    const [newest] = (await repository.snapshots()).filter(({ tree }) => !ground.trees.includes(tree))
    await readAllTrees(repository, newest!.tree)
    const fresh = readsOf(reading.calls, KINDS).filter(({ fileName }) => !before.includes(fileName!))
    expect(fresh.filter(({ kind }) => kind === 'pack')).toEqual([])
  })

  test('keeps just what is stored after a prune, and all of it can be read', async ({ dir, ground, expect }) => {
    const stored = await copyAll(ground.backend, new MemoryBackend())
    const repository = await openCached(withFaults(stored), dir.path)
    const changing = dir.join('changing')
    await mkdir(changing)
    for (let day = 0; day < 5; day++) {
      await writeFile(join(changing, 'file'), randomBytesOf(day, 5000))
      await backUpDirectory(repository, changing)
    }
    await walk(withFaults(stored), dir.path, ground)
    const [removed] = await namesOf(stored, 'snapshot')
    await repository.backend.remove('snapshot', removed!)
    await repository.loadIndex()
    const report = await prune(
      repository,
      await planPrune(repository, { maxUnused: { percent: 0 }, repackSmall: true }),
    )
    expect(report.repackedPacks).toBeGreaterThan(0)
    const { id } = repository.config
    for (const kind of KINDS) {
      const there = await namesOf(stored, kind)
      expect((await keptNames(dir.path, kind, id)).filter((name) => !there.includes(name))).toEqual([])
    }
    const again = await openCached(withFaults(stored), dir.path)
    for (const { tree } of await again.snapshots()) await readAllTrees(again, tree)
  })

  test('is checked without it: damage far away is found although the cache has it whole', async ({
    dir,
    ground,
    expect,
  }) => {
    const stored = await copyAll(ground.backend, new MemoryBackend())
    await walk(withFaults(stored), dir.path, ground)
    const { id } = (await openCached(withFaults(stored), dir.path)).config
    for (const pack of await keptNames(dir.path, 'pack', id)) {
      const content = Buffer.from(await stored.read('pack', pack))
      content[10] = content[10]! ^ 1
      await stored.write('pack', pack, content, { replace: true })
    }
    await walk(withFaults(stored), dir.path, ground)
    const report = await check(await openRepository(withFaults(stored), { password: PASSWORD, cache: undefined }))
    expect(report.errors).not.toEqual([])
  })

  test('a repository on this machine is not kept a second time', async ({ dir, ground, expect }) => {
    const near = Object.assign(await copyAll(ground.backend, new MemoryBackend()), { localPath: () => '/nowhere' })
    const repository = await openRepository(near, { password: PASSWORD, cache: { folder: dir.path } })
    await repository.snapshots()
    expect(await readdir(dir.path)).toEqual([])
  })
})

describe('old caches', () => {
  const NOW = Date.parse('2026-11-21T00:00:00Z')
  const DAY_MS = 86_400_000
  const id = (digit: string): string => digit.repeat(64)

  test('that nobody opened for so long are removed, and nothing else', async ({ dir, expect }) => {
    async function make(name: string, ageDays: number, files: readonly string[] = ['version']): Promise<void> {
      await mkdir(dir.join(name, 'data', 'ab'), { recursive: true })
      for (const file of files) await writeFile(dir.join(name, file), '1')
      const then = new Date(NOW - ageDays * DAY_MS)
      await utimes(dir.join(name), then, then)
    }
    await make(id('a'), 31)
    await make(id('b'), 29)
    await make(id('c'), 400)
    await make(id('d'), 31, [])
    await make('somebody-elses', 31)
    await writeFile(dir.join('CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55')
    await symlink(dir.join(id('b')), dir.join(id('e')))
    expect(await removeOldCaches(dir.path, { olderThanDays: 30, now: NOW })).toEqual([id('a'), id('c')])
    const left = ['CACHEDIR.TAG', id('b'), id('d'), id('e'), 'somebody-elses']
    expect((await readdir(dir.path)).sort()).toEqual(left.sort())
  })

  test('are not looked for where there is no folder', async ({ dir, expect }) => {
    expect(await removeOldCaches(dir.join('nowhere'), { olderThanDays: 30, now: NOW })).toEqual([])
  })
})
