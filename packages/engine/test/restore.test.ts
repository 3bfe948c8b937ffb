import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rmdir,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'vitest'
import {
  MemoryBackend,
  openLocalBackend,
  openRepository,
  restore,
  selectForRestore,
  type Backend,
  type FileKind,
  type Repository,
  type RestoreItem,
  type RestoreOptions,
  type RestoreReport,
  type StoredSnapshot,
} from '@hikae/engine'
import {
  bytesOf,
  compareTrees,
  findRestic,
  makeHostileTree,
  makeSmallDisk,
  makeTempDir,
  missingPrograms,
  Restic,
  skipBecause,
  type TempDir,
  whyNoSmallDisk,
} from '@hikae/testkit'

const binary = await findRestic('0.17.0')
const missing =
  (await missingPrograms('bash', 'setfattr', 'setfacl', 'getfattr')) ??
  (binary === undefined ? 'no restic 0.17 or later' : undefined)
const PASSWORD = 'test'

/** A tree that stock restic has backed up. */
class Fixture implements AsyncDisposable {
  readonly dir: TempDir
  readonly source: string
  readonly restic: Restic

  constructor(dir: TempDir) {
    this.dir = dir
    this.source = dir.join('source')
    this.restic = new Restic({ binary: binary!, repository: dir.join('repository'), password: PASSWORD })
  }

  static async make(files: Record<string, string | Uint8Array> = {}): Promise<Fixture> {
    const fixture = new Fixture(await makeTempDir())
    await mkdir(fixture.source)
    for (const [path, content] of Object.entries(files)) await fixture.write(path, content)
    await fixture.restic.initCheaply()
    return fixture
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.source, path)), { recursive: true })
    await writeFile(join(this.source, path), content)
  }

  backup(args: readonly string[] = []): Promise<string> {
    return this.restic.backup(['.'], args, { cwd: this.source })
  }

  async open(wrap: (backend: Backend) => Backend | Promise<Backend> = (backend) => backend): Promise<Repository> {
    const backend = await openLocalBackend(this.restic.repository)
    const repository = await openRepository(await wrap(backend), { password: PASSWORD })
    await repository.loadIndex()
    return repository
  }

  /** Restores the latest snapshot to `target` in the temporary folder. */
  async restore(target: string, options: Partial<RestoreOptions> = {}): Promise<RestoreReport> {
    await using repository = await this.open()
    return await restore(repository, await latest(repository), { target: this.dir.join(target), ...options })
  }

  at(target: string, path = ''): string {
    return this.dir.join(target, path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dir[Symbol.asyncDispose]()
  }
}

async function latest(repository: Repository): Promise<StoredSnapshot> {
  return (await repository.snapshots()).at(-1)!
}

/** The same repository where threads cannot read it themselves. */
async function inMemory(backend: Backend): Promise<Backend> {
  const memory = new MemoryBackend()
  await memory.write('config', '', await backend.read('config', ''))
  for (const kind of ['key', 'snapshot', 'index', 'pack'] as const satisfies FileKind[]) {
    for await (const { name } of backend.list(kind)) await memory.write(kind, name, await backend.read(kind, name))
  }
  return memory
}

/** The format keeps neither sockets nor that two FIFOs are one. */
const isNotKept = (path: string, { type }: { type: string }) => type === 'socket' || path === 'specials/same fifo'

const noise = (seed: string, bytes: number) => bytesOf(seed, bytes)
const MEBIBYTE = 1024 * 1024

async function items(run: (onItem: (item: RestoreItem) => void) => Promise<RestoreReport>): Promise<string[]> {
  const lines: string[] = []
  await run(({ action, path, size }) => lines.push(`${action} ${path} ${size}`))
  return lines.sort()
}

describe.skipIf(skipBecause(missing))('restoring', () => {
  test('brings back a hostile tree as it was, from a folder and from elsewhere', async ({ expect }) => {
    await using fixture = await Fixture.make()
    await makeHostileTree(fixture.source)
    await fixture.backup()
    const options = { without: isNotKept, root: false }
    const report = await fixture.restore('target', { verify: true })
    expect(report.problems).toEqual([])
    expect(report.verifiedFiles).toBeGreaterThan(300)
    expect(await compareTrees(fixture.source, fixture.at('target'), options)).toEqual([])
    await using elsewhere = await fixture.open(inMemory)
    const remote = await restore(elsewhere, await latest(elsewhere), { target: fixture.at('remote') })
    expect({ ...remote, seconds: 0 }).toEqual({ ...report, seconds: 0, verifiedFiles: undefined })
    expect(await compareTrees(fixture.source, fixture.at('remote'), options)).toEqual([])
    const again = await fixture.restore('target')
    expect(again).toMatchObject({ filesRestored: 0, bytesRestored: 0, directoriesCreated: 0, problems: [] })
    expect(again.filesUnchanged).toBe(report.filesRestored)
    expect(again.bytesUnchanged).toBe(report.bytesRestored)
    expect(await compareTrees(fixture.source, fixture.at('target'), options)).toEqual([])
  })

  test('makes files sparse when asked to, and says the same of them', async ({ expect }) => {
    await using fixture = await Fixture.make({
      holes: Buffer.concat([noise('a', 5000), Buffer.alloc(6 * MEBIBYTE), noise('b', 5000)]),
      zeros: Buffer.alloc(3 * MEBIBYTE + 1),
      small: Buffer.concat([Buffer.alloc(100_000), Buffer.from('end')]),
    })
    await fixture.backup()
    const full = await fixture.restore('full')
    const sparse = await fixture.restore('sparse', { sparse: true, verify: true })
    expect(sparse.problems).toEqual([])
    expect(sparse).toMatchObject({ filesRestored: full.filesRestored, verifiedFiles: 3 })
    expect(await compareTrees(fixture.source, fixture.at('sparse'), { root: false })).toEqual([])
    for (const name of ['holes', 'zeros', 'small']) {
      const { blocks } = await stat(fixture.at('sparse', name))
      expect(blocks * 512).toBeLessThan(100_000)
    }
    await writeFile(fixture.at('sparse', 'zeros'), Buffer.alloc(3 * MEBIBYTE + 1, 7))
    await fixture.restore('sparse', { sparse: true })
    expect(await compareTrees(fixture.source, fixture.at('sparse'), { root: false })).toEqual([])
    expect((await stat(fixture.at('sparse', 'zeros'))).blocks * 512).toBeLessThan(100_000)
  })

  test('writes only the parts of an existing file that differ', async ({ expect }) => {
    const content = noise('large', 20 * MEBIBYTE)
    await using fixture = await Fixture.make({ large: content, longer: 'short', shorter: 'rather long', same: 'same' })
    await fixture.backup()
    await fixture.restore('target')
    const changed = Buffer.from(content)
    changed[10 * MEBIBYTE]! ^= 1
    await writeFile(fixture.at('target', 'large'), changed)
    await writeFile(fixture.at('target', 'longer'), 'short and some more')
    await writeFile(fixture.at('target', 'shorter'), 'rather')
    const inode = (await stat(fixture.at('target', 'large'))).ino
    const report = await fixture.restore('target')
    expect(report).toMatchObject({ filesRestored: 3, filesUnchanged: 1, problems: [] })
    expect(report.bytesRestored).toBeLessThan(9 * MEBIBYTE)
    expect(report.bytesRestored + report.bytesUnchanged).toBe(20 * MEBIBYTE + 5 + 11 + 4)
    expect((await stat(fixture.at('target', 'large'))).ino).toBe(inode)
    expect(await compareTrees(fixture.source, fixture.at('target'), { root: false })).toEqual([])
  })

  test('overwrites as it is told to', async ({ expect }) => {
    await using fixture = await Fixture.make({
      older: 'snapshot',
      newer: 'snapshot',
      same: 'snapshot',
      gone: 'snapshot',
    })
    const [before, moment, after] = [
      new Date(1_600_000_000_000),
      new Date(1_650_000_000_000),
      new Date(1_700_000_000_000),
    ]
    for (const name of ['older', 'newer', 'same', 'gone']) await utimes(join(fixture.source, name), moment, moment)
    await fixture.backup()
    const run = async (overwrite: NonNullable<RestoreOptions['overwrite']>) => {
      const target = `target ${overwrite}`
      await mkdir(fixture.at(target))
      for (const [name, time] of [
        ['older', before],
        ['newer', after],
        ['same', moment],
      ] as const) {
        await writeFile(fixture.at(target, name), 'existing')
        await utimes(fixture.at(target, name), time, time)
      }
      const dry = await items((onItem) => fixture.restore(target, { overwrite, onItem, dryRun: true }))
      const lines = await items((onItem) => fixture.restore(target, { overwrite, onItem }))
      expect(dry).toEqual(lines)
      const contents: Record<string, string> = {}
      for (const name of await readdir(fixture.at(target)))
        contents[name] = await readFile(fixture.at(target, name), 'utf8')
      return { lines, contents }
    }
    const all = { older: 'snapshot', newer: 'snapshot', same: 'snapshot', gone: 'snapshot' }
    expect(await run('always')).toEqual({
      lines: ['restored /gone 8', 'updated /newer 8', 'updated /older 8', 'updated /same 8'],
      contents: all,
    })
    expect(await run('if-changed')).toEqual({
      lines: ['restored /gone 8', 'unchanged /same 8', 'updated /newer 8', 'updated /older 8'],
      contents: { ...all, same: 'existing' },
    })
    expect(await run('if-newer')).toEqual({
      lines: ['restored /gone 8', 'skipped /newer 8', 'skipped /same 8', 'updated /older 8'],
      contents: { ...all, newer: 'existing', same: 'existing' },
    })
    expect(await run('never')).toEqual({
      lines: ['restored /gone 8', 'skipped /newer 8', 'skipped /older 8', 'skipped /same 8'],
      contents: { ...all, newer: 'existing', older: 'existing', same: 'existing' },
    })
  })

  test('deletes what the snapshot has not, as far as it is selected', async ({ expect }) => {
    await using fixture = await Fixture.make({ 'a/file': 'a', 'b/file': 'b' })
    await fixture.backup()
    const fill = async (target: string) => {
      await fixture.restore(target)
      await mkdir(fixture.at(target, 'a/extra/deep'), { recursive: true })
      await mkdir(fixture.at('outside'), { recursive: true })
      await writeFile(fixture.at('outside', 'kept'), 'kept')
      await symlink(fixture.at('outside'), fixture.at(target, 'a/extra/way out'))
      for (const name of ['a/extra/deep/one', 'a/extra/two.log', 'b/extra', 'extra']) {
        await writeFile(fixture.at(target, name), 'x')
      }
    }
    await fill('all')
    const dry = await fixture.restore('all', { delete: true, dryRun: true })
    expect(await readdir(fixture.at('all', 'a'))).toEqual(['extra', 'file'])
    const report = await fixture.restore('all', { delete: true })
    expect(report).toMatchObject({ filesDeleted: 7, problems: [] })
    expect(dry.filesDeleted).toBe(7)
    expect(await compareTrees(fixture.source, fixture.at('all'), { root: false })).toEqual([])
    expect(await readdir(fixture.at('outside'))).toEqual(['kept'])

    await fill('included')
    const select = selectForRestore({ include: { patterns: ['/a'] } })
    expect(await fixture.restore('included', { delete: true, select })).toMatchObject({
      filesDeleted: 5,
      filesUnchanged: 1,
    })
    expect(await readdir(fixture.at('included', 'a'))).toEqual(['file'])
    expect((await readdir(fixture.at('included', 'b'))).sort()).toEqual(['extra', 'file'])

    await fill('excluded')
    const exclude = selectForRestore({ exclude: { patterns: ['*.log', '/b'] } })
    expect(await fixture.restore('excluded', { delete: true, select: exclude })).toMatchObject({ filesDeleted: 4 })
    expect(await readdir(fixture.at('excluded', 'a/extra'))).toEqual(['two.log'])
    expect((await readdir(fixture.at('excluded', 'b'))).sort()).toEqual(['extra', 'file'])
    await expect(fixture.restore('', { target: '/', delete: true })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('restores a directory or a file of the snapshot, and what is selected', async ({ expect }) => {
    await using fixture = await Fixture.make({ 'a/b/one': '1', 'a/b/two': '22', 'a/three': '333', 'c/four': '4444' })
    await fixture.backup()
    await fixture.restore('directory', { path: '/a' })
    expect((await readdir(fixture.at('directory'), { recursive: true })).sort()).toEqual([
      'b',
      'b/one',
      'b/two',
      'three',
    ])
    expect(await fixture.restore('file', { path: 'a/b/two' })).toMatchObject({ filesRestored: 1, bytesRestored: 2 })
    expect(await readdir(fixture.at('file'))).toEqual(['two'])
    await expect(fixture.restore('missing', { path: '/a/nothing' })).rejects.toMatchObject({ code: 'PATH_MISSING' })
    await expect(lstat(fixture.at('missing'))).rejects.toMatchObject({ code: 'ENOENT' })
    const select = selectForRestore({ include: { patterns: ['four', '/a/b/one'] } })
    expect(await fixture.restore('selected', { select })).toMatchObject({ filesRestored: 2, directoriesCreated: 3 })
    expect((await readdir(fixture.at('selected'), { recursive: true })).sort()).toEqual([
      'a',
      'a/b',
      'a/b/one',
      'c',
      'c/four',
    ])
  })

  test('links names of one file, also when the first one is not wanted or stays as it is', async ({ expect }) => {
    await using fixture = await Fixture.make({ first: 'linked' })
    for (const name of ['second', 'third']) await link(join(fixture.source, 'first'), join(fixture.source, name))
    await fixture.backup()
    const select = selectForRestore({ exclude: { patterns: ['first'] } })
    expect(await fixture.restore('two', { select })).toMatchObject({ filesRestored: 2, bytesRestored: 6 })
    expect((await stat(fixture.at('two', 'second'))).nlink).toBe(2)
    await mkdir(fixture.at('never'))
    await writeFile(fixture.at('never', 'first'), 'not this one')
    expect(await fixture.restore('never', { overwrite: 'never' })).toMatchObject({ filesRestored: 2, filesSkipped: 1 })
    expect(await readFile(fixture.at('never', 'third'), 'utf8')).toBe('linked')
    expect((await stat(fixture.at('never', 'third'))).nlink).toBe(2)
  })

  test('never writes through a symlink or to a further name of a file, nor into what is outside', async ({
    expect,
  }) => {
    await using fixture = await Fixture.make({ 'directory/file': 'new', file: 'new', linked: 'new', empty: '' })
    await symlink('file', join(fixture.source, 'link'))
    await fixture.backup()
    await mkdir(fixture.at('outside'))
    await mkdir(fixture.at('target'))
    for (const name of ['file', 'linked', 'empty', 'link']) await writeFile(fixture.at('outside', name), 'old')
    await symlink(fixture.at('outside'), fixture.at('target', 'directory'))
    await symlink(fixture.at('outside', 'file'), fixture.at('target', 'file'))
    await symlink(fixture.at('outside', 'empty'), fixture.at('target', 'empty'))
    await link(fixture.at('outside', 'linked'), fixture.at('target', 'linked'))
    await chmod(fixture.at('outside'), 0o751)
    await fixture.restore('target', { overwrite: 'never' }).then((report) => {
      expect(report.problems.map(({ path }) => path)).toEqual(['/directory'])
      expect(report.filesSkipped).toBe(3)
    })
    expect(await fixture.restore('target', { delete: true })).toMatchObject({ problems: [] })
    expect(await compareTrees(fixture.source, fixture.at('target'), { root: false })).toEqual([])
    expect((await readdir(fixture.at('outside'))).sort()).toEqual(['empty', 'file', 'link', 'linked'])
    for (const name of ['file', 'linked', 'empty']) {
      expect(await readFile(fixture.at('outside', name), 'utf8')).toBe('old')
    }
    expect((await stat(fixture.at('outside'))).mode & 0o777).toBe(0o751)
  })

  test('replaces an empty directory by a file, but no other', async ({ expect }) => {
    await using fixture = await Fixture.make({ one: '1', two: '2', three: '3' })
    await fixture.backup()
    await mkdir(fixture.at('target', 'one'), { recursive: true })
    await mkdir(fixture.at('target', 'two/inside'), { recursive: true })
    const report = await fixture.restore('target')
    expect(report).toMatchObject({ filesRestored: 2 })
    expect(report.problems.map(({ path }) => path)).toEqual(['/two'])
    expect(await readFile(fixture.at('target', 'one'), 'utf8')).toBe('1')
    expect(await readdir(fixture.at('target', 'two'))).toEqual(['inside'])
  })

  test('names the files that damage reaches, and restores the others', async ({ expect }) => {
    const large = noise('large', 12 * MEBIBYTE)
    await using fixture = await Fixture.make({ large, small: noise('small', 3000), other: noise('other', 3000) })
    await fixture.backup()
    const damage = async (path: string) => {
      const hit = new Set<string>()
      for (const file of await packsOf(fixture)) {
        const bytes = await readFile(file)
        const at = bytes.length > MEBIBYTE ? MEBIBYTE / 2 : undefined
        if (at === undefined || hit.size > 0) continue
        hit.add(file)
        bytes[at]! ^= 0x10
        await chmod(file, 0o600)
        await writeFile(file, bytes)
      }
      return await fixture.restore(path, { verify: true })
    }
    const report = await damage('target')
    expect(report.problems).toHaveLength(1)
    expect(report.problems[0]).toMatchObject({
      error: { code: 'DAMAGED', message: expect.stringContaining('cannot be read') },
    })
    const hit = report.problems[0]!.path.slice(1)
    expect(report.filesRestored).toBe(2)
    expect(report.verifiedFiles).toBe(2)
    for (const name of ['large', 'small', 'other']) {
      if (name === hit) continue
      expect(await readFile(fixture.at('target', name))).toEqual(await readFile(join(fixture.source, name)))
    }
    // Nothing that trusts times may take what is left for the file.
    const left = await stat(fixture.at('target', hit)).catch(() => undefined)
    expect(left === undefined || left.mtimeMs === 0).toBe(true)
  })

  test('leaves out a file whose only part is gone', async ({ expect }) => {
    await using fixture = await Fixture.make({ 'a/file': noise('a', 100_000), 'b/file': noise('b', 100_000) })
    await fixture.backup()
    await truncatePack((await dataPacksOf(fixture))[0]!)
    const report = await fixture.restore('target')
    expect(report.filesRestored).toBe(0)
    expect(report.problems.map(({ path }) => path).sort()).toEqual(['/a/file', '/b/file'])
    await expect(lstat(fixture.at('target', 'a/file'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('takes another copy of what cannot be read', async ({ expect }) => {
    await using fixture = await Fixture.make({ file: noise('a', 100_000) })
    const index = join(fixture.restic.repository, 'index')
    await fixture.backup()
    await rename(index, `${index} hidden`)
    await mkdir(index)
    await fixture.backup(['--force'])
    for (const name of await readdir(index)) await rename(join(index, name), join(`${index} hidden`, name))
    await rmdir(index)
    await rename(`${index} hidden`, index)
    const [one, other] = await dataPacksOf(fixture)
    const whole = await readFile(one!)
    await truncatePack(one!)
    expect(await fixture.restore('one')).toMatchObject({ filesRestored: 1, problems: [] })
    await writeFile(one!, whole)
    await truncatePack(other!)
    expect(await fixture.restore('other', { verify: true })).toMatchObject({
      filesRestored: 1,
      problems: [],
      verifiedFiles: 1,
    })
    expect(await compareTrees(fixture.source, fixture.at('one'), { root: false })).toEqual([])
  })

  test('stops when it is told to, leaves nothing half done that looks done, and completes when run again', async ({
    expect,
  }) => {
    const files: Record<string, Uint8Array> = { large: noise('large', 48 * MEBIBYTE) }
    for (let index = 0; index < 500; index++) files[`small/${index}`] = noise(`small ${index}`, 20_000)
    await using fixture = await Fixture.make(files)
    await fixture.backup()
    for (const overwrite of ['always', 'if-newer', 'never'] as const) {
      const stop = new AbortController()
      const reason = new Error('stopped by the test')
      let done = 0
      const run = fixture.restore(overwrite, {
        signal: stop.signal,
        concurrency: 1,
        onItem: () => {
          if (++done === 20) stop.abort(reason)
        },
      })
      await expect(run).rejects.toBe(reason)
      const report = await fixture.restore(overwrite, { overwrite })
      expect(report.problems).toEqual([])
      expect(report.filesRestored).toBeGreaterThan(0)
      expect(report.filesRestored).toBeLessThanOrEqual(501 - 20)
      expect(await compareTrees(fixture.source, fixture.at(overwrite), { root: false })).toEqual([])
    }
  })

  test('tells in advance what it would do, and does nothing', async ({ expect }) => {
    await using fixture = await Fixture.make({ 'a/one': '1', 'a/two': noise('two', 3 * MEBIBYTE), three: '' })
    await link(join(fixture.source, 'three'), join(fixture.source, 'also three'))
    await symlink('a', join(fixture.source, 'link'))
    await fixture.backup()
    const dry = await fixture.restore('target', { dryRun: true })
    await expect(lstat(fixture.at('target'))).rejects.toMatchObject({ code: 'ENOENT' })
    const real = await fixture.restore('target')
    expect({ ...dry, seconds: 0 }).toEqual({ ...real, seconds: 0 })
    expect(real).toMatchObject({ filesRestored: 5, directoriesCreated: 1, bytesRestored: 3 * MEBIBYTE + 1 })
    expect(await readlink(fixture.at('target', 'link'))).toBe('a')
    await writeFile(fixture.at('target', 'a/one'), '2')
    const again = await fixture.restore('target', { dryRun: true })
    expect(again).toMatchObject({ filesRestored: 1, filesUnchanged: 4, bytesRestored: 1 })
    expect(await readFile(fixture.at('target', 'a/one'), 'utf8')).toBe('2')
  })

  test('shows how far it is, and ends at the whole', async ({ expect }) => {
    await using fixture = await Fixture.make({ one: noise('one', 5 * MEBIBYTE), two: '22' })
    await fixture.backup()
    const seen: unknown[] = []
    await fixture.restore('target', { onProgress: (progress) => seen.push(progress) })
    const bytes = 5 * MEBIBYTE + 2
    expect(seen.at(-1)).toMatchObject({
      filesDone: 2,
      filesTotal: 2,
      bytesDone: bytes,
      bytesTotal: bytes,
      filesSkipped: 0,
    })
  })

  test('refuses a target that cannot be used', async ({ expect }) => {
    await using fixture = await Fixture.make({ file: 'content' })
    await fixture.backup()
    await writeFile(fixture.at('file'), '')
    await expect(fixture.restore('file')).rejects.toMatchObject({ code: 'RESTORE_TARGET' })
    await expect(fixture.restore('file/below')).rejects.toMatchObject({ code: 'RESTORE_TARGET' })
  })
})

async function packsOf(fixture: Fixture): Promise<string[]> {
  const folder = join(fixture.restic.repository, 'data')
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.length > 60).map((name) => join(folder, name))
}

async function truncatePack(path: string): Promise<void> {
  const content = await readFile(path)
  await chmod(path, 0o600)
  await writeFile(path, content.subarray(0, 100))
}

/** Largest first: those with contents, when these are larger than the listings. */
async function dataPacksOf(fixture: Fixture): Promise<string[]> {
  const sizes = await Promise.all(
    (await packsOf(fixture)).map(async (path) => ({ path, size: (await stat(path)).size })),
  )
  return sizes.sort((a, b) => b.size - a.size).map(({ path }) => path)
}

const noDisk = skipBecause(missing ?? (await whyNoSmallDisk()))

describe.skipIf(noDisk)('restoring to a small disk', () => {
  test('refuses what cannot fit before it touches anything, unless it is to be sparse', async ({ expect }) => {
    await using fixture = await Fixture.make({ zeros: Buffer.alloc(64 * MEBIBYTE), small: 'small' })
    await fixture.backup()
    await using disk = await makeSmallDisk({ sizeBytes: 32 * MEBIBYTE })
    const target = join(disk.path, 'target')
    await expect(fixture.restore('', { target })).rejects.toMatchObject({ code: 'RESTORE_TARGET_FULL' })
    await expect(lstat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await fixture.restore('', { target, sparse: true })).toMatchObject({ filesRestored: 2, problems: [] })
  })
})
