import {
  chmod,
  cp,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareTrees, makeLoopDisk, runOk, skipBecause, type TempDir, whyNoLoopDisk } from '@hikae/testkit'
import { describe } from 'vitest'
import { filesSource } from '../../src/sources/files/files-source.ts'
import type { ReadContext, Restored } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { config, contents, fill, pathsIn, test } from './file-tree.ts'
import { killedEverywhere } from './killed-everywhere.ts'

describe('a restore to another folder', () => {
  test('of one folder puts its content there, with its own mode and times', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'app/one': '1' })
    await chmod(dir.join('app'), 0o751)
    await utimes(dir.join('app'), 1000, 2000)
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    const restored = await restore(await ground.point(), context, { to: 'new/place' })
    expect(restored).toEqual({ place: dir.join('new/place'), findings: [] })
    expect(await compareTrees(dir.join('app'), dir.join('new/place'))).toEqual([])
    expect(await readdir(dir.join('new'))).toEqual(['place'])
  })

  test('of several paths puts each under its full name', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1', 'etc/conf': '2' })
    await ground.backUp(filesSource, config({ paths: ['app', 'etc/conf'] }), context)
    await restore(await ground.point(), context, { to: 'new' })
    expect(await readFile(dir.join('new', dir.path, 'app/one'), 'utf8')).toBe('1')
    expect(await readFile(dir.join('new', dir.path, 'etc/conf'), 'utf8')).toBe('2')
  })

  test('of one file puts it there, also into an empty folder', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'etc/conf': '2' })
    await mkdir(dir.join('empty'))
    await ground.backUp(filesSource, config({ paths: ['etc/conf'] }), context)
    for (const to of ['new', 'empty']) {
      await restore(await ground.point(), context, { to })
      expect(await readdir(dir.join(to))).toEqual(['conf'])
      expect(await readFile(dir.join(to, 'conf'), 'utf8')).toBe('2')
    }
  })

  test('fills an empty folder, which stays the same folder', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1', 'app/deep/two': '2' })
    await mkdir(dir.join('empty'))
    const { ino } = await stat(dir.join('empty'))
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    expect(await restore(await ground.point(), context, { to: 'empty' })).toEqual({
      place: dir.join('empty'),
      findings: [],
    })
    expect(await compareTrees(dir.join('app'), dir.join('empty'), { root: false })).toEqual([])
    expect((await stat(dir.join('empty'))).ino).toBe(ino)
  })

  test('refuses what is there, and says what else can be done', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1', 'taken/file': '', file: '' })
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    const point = await ground.point()
    await expect(restore(point, context, { to: 'taken' })).rejects.toMatchObject({
      message: `${dir.join('taken')} is not empty`,
      hint: expect.stringContaining('without --to'),
    })
    await expect(restore(point, context, { to: 'file' })).rejects.toThrow('is not a folder')
  })

  test('that fails leaves nothing', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1' })
    await mkdir(dir.join('empty'))
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    const point = breaking(await ground.point())
    const before = await readdir(dir.path)
    for (const to of ['new', 'empty']) await expect(restore(point, context, { to })).rejects.toThrow('broken')
    expect(await readdir(dir.path)).toEqual(before)
    expect(await readdir(dir.join('empty'))).toEqual([])
  })
})

describe('a restore in place', () => {
  test('swaps each path, keeps what was there, and says that what was excluded is kept only', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'app/one': '1', 'app/cache/x': 'c', 'etc/conf': '2', 'etc/other': 'not saved' })
    await ground.backUp(filesSource, config({ paths: ['app', 'etc/conf'], exclude: ['cache'] }), context)
    await fill(dir, { 'app/one': 'changed', 'app/added': '', 'etc/conf': 'changed' })
    const plan = await filesSource.planRestore(config({ paths: ['app'] }), await ground.point(), {}, context)
    expect(plan.steps.join('\n')).toContain(`replace ${dir.join('app')}, and keep what is there now`)
    expect(plan.steps.at(-1)).toContain('what cache leaves out, is then only in what was kept')
    const { place, kept } = await plan.apply(context.signal)
    expect(place).toBe(`${dir.join('app')}, ${dir.join('etc/conf')}`)
    expect(await contents(dir, 'app')).toEqual({ 'app/one': '1' })
    expect(await readFile(dir.join('etc/conf'), 'utf8')).toBe('2')
    expect(await readFile(dir.join('etc/other'), 'utf8')).toBe('not saved')
    const [keptApp, keptConf] = kept!.split(', ')
    expect(keptApp).toMatch(/\/app\.before-\d{8}T\d{6}Z$/)
    expect((await readdir(keptApp!)).sort()).toEqual(['added', 'cache', 'one'])
    expect(await readFile(keptConf!, 'utf8')).toBe('changed')
    expect((await readdir(dir.join('etc'))).filter((name) => name.startsWith('.hikae'))).toEqual([])
  })

  test('brings back what is away, with the folders above it', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'srv/deep/app/one': '1' })
    await ground.backUp(filesSource, config({ paths: ['srv/deep/app'] }), context)
    await rm(dir.join('srv'), { recursive: true })
    const restored = await restore(await ground.point(), context, {})
    expect(restored).toEqual({ place: dir.join('srv/deep/app'), findings: [] })
    expect(await contents(dir, 'srv')).toEqual({ 'srv/deep/app/one': '1' })
  })

  test('puts a symlink back as a symlink, and follows none', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'real/one': '1', 'app/two': '2' })
    await symlink('real', dir.join('link'))
    await ground.backUp(filesSource, config({ paths: ['link', 'app'] }), context)
    await rm(dir.join('link'))
    await rename(dir.join('app'), dir.join('moved'))
    await symlink('moved', dir.join('app'))
    await writeFile(dir.join('moved/two'), 'changed')
    const { kept } = await restore(await ground.point(), context, {})
    expect(await readlink(dir.join('link'))).toBe('real')
    expect((await lstat(dir.join('app'))).isDirectory()).toBe(true)
    expect(await readFile(dir.join('moved/two'), 'utf8')).toBe('changed')
    expect(await readlink(kept!)).toBe('moved')
  })

  test('brings hard links, owners and attributes back as they were', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1' })
    await link(dir.join('app/one'), dir.join('app/same'))
    await runOk('setfattr', ['-n', 'user.of.the.folder', '-v', 'text', dir.join('app')])
    await runOk('cp', ['-a', dir.join('app'), dir.join('copy')])
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    await rm(dir.join('app/one'))
    await restore(await ground.point(), context, {})
    expect(await compareTrees(dir.join('copy'), dir.join('app'))).toEqual([])
  })

  test('with names of any bytes', async ({ dir, ground, context, expect }) => {
    const name = Buffer.concat([Buffer.from(dir.join('srv/-a\n')), Buffer.from([0xff, 0xfe])])
    await mkdir(dir.join('srv'))
    await mkdir(name)
    await writeFile(Buffer.concat([name, Buffer.from('/file')]), '1')
    await ground.backUp(filesSource, config({ paths: ['srv/*'] }), context)
    await writeFile(Buffer.concat([name, Buffer.from('/file')]), 'changed')
    const { place } = await restore(await ground.point(), context, {})
    expect(place).toBe(`${dir.join('srv')}/-a\\x0a\\xff\\xfe`)
    expect(await readFile(Buffer.concat([name, Buffer.from('/file')]), 'utf8')).toBe('1')
  })

  test('of included files replaces these only, each with its old one beside it', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'srv/a/.env': 'A', 'srv/a/code': 'old code', 'srv/b/.env': 'B', 'srv/c/d/.env': 'C' })
    await ground.backUp(filesSource, config({ paths: ['srv'], include: ['.env'] }), context)
    await fill(dir, { 'srv/a/.env': 'changed', 'srv/a/code': 'new code' })
    await rm(dir.join('srv/c'), { recursive: true })
    const { kept } = await restore(await ground.point(), context, {})
    expect(kept).toMatch(/\/srv\/a\/\.env\.before-\d{8}T\d{6}Z$/)
    expect(await contents(dir, 'srv')).toEqual({
      'srv/a/.env': 'A',
      [`srv/a/${kept!.split('/').at(-1)}`]: 'changed',
      'srv/a/code': 'new code',
      'srv/b/.env': 'B',
      'srv/c/d/.env': 'C',
    })
  })

  test('of included files replaces nothing when one of them cannot be put there', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'srv/a/.env': 'A', 'srv/b/.env': 'B' })
    await ground.backUp(filesSource, config({ paths: ['srv'], include: ['.env'] }), context)
    await rm(dir.join('srv/b/.env'))
    await fill(dir, { 'srv/a/.env': 'changed', 'srv/b/.env/file': '' })
    await expect(restore(await ground.point(), context, {})).rejects.toThrow('was a folder and is none now')
    expect(await contents(dir, 'srv')).toEqual({ 'srv/a/.env': 'changed', 'srv/b/.env/file': '' })
  })

  test('finishes first what was interrupted, and says so', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'srv/app/one': '1' })
    await ground.backUp(filesSource, config({ paths: ['srv/app'] }), context)
    await interrupt(dir.join('srv'), 'app')
    const plan = await filesSource.planRestore(config({ paths: ['srv/app'] }), await ground.point(), {}, context)
    expect(plan.steps[0]).toContain('was interrupted in the middle, and has been finished now')
    expect((await lstat(dir.join('srv/app'))).isDirectory()).toBe(true)
  })

  test('that was interrupted is finished before the next backup, and when it is examined', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'srv/app/one': '1' })
    await interrupt(dir.join('srv'), 'app')
    expect(await filesSource.examine(config({ paths: ['srv/app'] }), context)).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('has been finished now') },
    ])
    await rm(dir.join('srv'), { recursive: true })
    await fill(dir, { 'srv/app/one': '1' })
    await interrupt(dir.join('srv'), 'app')
    const { backup } = await ground.backUp(filesSource, config({ paths: ['srv/app'] }), context)
    expect(backup.outcome).toBe('succeeded')
    expect(ground.logged).toEqual([expect.stringContaining('has been finished now')])
  })

  test('that fails leaves nothing, and everything as it is', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'srv/app/one': '1', 'srv/conf': '2' })
    await ground.backUp(filesSource, config({ paths: ['srv/app', 'srv/conf'] }), context)
    await fill(dir, { 'srv/app/one': 'changed' })
    await expect(restore(breaking(await ground.point()), context, {})).rejects.toThrow('broken')
    expect((await readdir(dir.join('srv'))).sort()).toEqual(['app', 'conf'])
    expect(await contents(dir, 'srv')).toEqual({ 'srv/app/one': 'changed', 'srv/conf': '2' })
  })

  test('refuses the root of the system', async ({ context, expect }) => {
    const point = stating([{ path: '/', type: 'directory' }])
    await expect(filesSource.planRestore(config({ paths: ['/'] }), point, {}, context)).rejects.toMatchObject({
      message: expect.stringContaining('/ cannot be replaced'),
      hint: expect.stringContaining('--to FOLDER'),
    })
  })
})

describe.skipIf(skipBecause(await whyNoLoopDisk()))('where another file system is mounted', () => {
  test('a backup stays on one when that is asked for', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'srv/one': '1' })
    await mkdir(dir.join('srv/disk'))
    await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
    await disk.mount(dir.join('srv/disk'))
    await writeFile(dir.join('srv/disk/two'), '2')
    await ground.backUp(filesSource, config({ paths: ['srv'], oneFileSystem: true }), context)
    expect(await pathsIn(await ground.point(), dir)).toEqual(['srv', 'srv/disk', 'srv/one'])
    await ground.backUp(filesSource, config({ paths: ['srv'] }), context)
    expect(await pathsIn(await ground.point(), dir)).toContain('srv/disk/two')
  })

  test('a restore in place replaces what is in it, and keeps the old in it', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
    await disk.mount()
    const path = disk.mountPoint
    await writeFile(join(path, 'one'), '1')
    await mkdir(join(path, 'deep'))
    await writeFile(join(path, 'deep/two'), '2')
    await cp(path, dir.join('copy'), { recursive: true, preserveTimestamps: true })
    await ground.backUp(filesSource, config({ paths: [path] }), context)
    await writeFile(join(path, 'deep/two'), 'changed')
    await writeFile(join(path, 'added'), '')
    const plan = await filesSource.planRestore(config({ paths: [path] }), await ground.point(), {}, context)
    expect(plan.steps.join('\n')).toContain('because it is a mount point')
    const { kept } = await plan.apply(context.signal)
    expect(dirname(kept!)).toBe(path)
    expect((await readdir(kept!)).sort()).toEqual(['added', 'deep', 'one'])
    expect(await readFile(join(kept!, 'deep/two'), 'utf8')).toBe('changed')
    await rm(kept!, { recursive: true })
    expect((await readdir(path)).sort()).toEqual(['deep', 'lost+found', 'one'])
    expect(await readFile(join(path, 'deep/two'), 'utf8')).toBe('2')
  })

  test('a restore in place is refused when that is further down', async ({ dir, ground, context, expect }) => {
    await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
    await fill(dir, { 'srv/app/one': '1', 'srv/app/disk/below': '' })
    await ground.backUp(filesSource, config({ paths: ['srv/app'] }), context)
    await disk.mount(dir.join('srv/app/disk'))
    await expect(restore(await ground.point(), context, {})).rejects.toThrow('disk is a mount point, and would be')
    await disk.unmountLazily(dir.join('srv/app/disk'))
    await restore(await ground.point(), context, {})
  })

  test('a restore in place says what is replaced already when the rest cannot be', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
    await fill(dir, { 'srv/a/one': '1', 'srv/b/two': '2' })
    const given = config({ paths: ['srv/a', 'srv/b'] })
    await ground.backUp(filesSource, given, context)
    const plan = await filesSource.planRestore(given, await ground.point(), {}, context)
    await fill(dir, { 'srv/a/one': 'changed' })
    await disk.mount(dir.join('srv/b'))
    await expect(plan.apply(context.signal)).rejects.toMatchObject({
      message: `${dir.join('srv/b')} could not be replaced: resource busy or locked`,
      hint: expect.stringContaining(`${dir.join('srv/a')} is replaced already, and the old is kept as`),
    })
    await disk.unmountLazily(dir.join('srv/b'))
    expect(await contents(dir, 'srv/b')).toEqual({ 'srv/b/two': '2' })
    expect((await readdir(dir.join('srv'))).filter((name) => name.startsWith('.hikae'))).toEqual([])
  })
})

test('a restore that is killed anywhere leaves each path old or new, whole, when it is examined', async ({
  context,
  expect,
}) => {
  const seen = new Set<string>()
  const prepare = (dir: TempDir): Promise<void> =>
    fill(dir, {
      'app/one': 'old',
      'app/two': 'old',
      conf: 'old',
      'saved/app/one': 'new',
      'saved/app/two': 'new',
      'saved/conf': 'new',
    })
  for await (const dir of killedEverywhere(RESTORE, prepare)) {
    await filesSource.examine(config({ paths: ['app', 'conf'] }), { ...context, folder: dir.path })
    const { 'app/one': one, 'app/two': two, conf } = await contents(dir, '.')
    expect(one).toBe(two)
    seen.add(`${one} ${conf}`)
    expect((await readdir(dir.path)).filter((name) => name.startsWith('.hikae'))).toEqual([])
  }
  expect([...seen].sort()).toEqual(['new new', 'new old', 'old old'])
})

/** A restore in place of `app` and `conf` in a folder, from a point that is the folder `saved` in it. */
const RESTORE = `
  import { cp } from 'node:fs/promises'
  import { planInPlace } from ${JSON.stringify(join(import.meta.dirname, '../../src/sources/files/restore-in-place.ts'))}
  const folder = process.argv[1]
  const { signal } = new AbortController()
  const paths = [
    { path: folder + '/app', type: 'directory' },
    { path: folder + '/conf', type: 'file' },
  ]
  const point = {
    facts: { paths, include: [], exclude: [], files: 3, directories: 1, others: 0, bytes: 9 },
    writeTo: (to) => cp(folder + '/saved', to, { recursive: true }),
  }
  await (await planInPlace(point, { folder, env: process.env, signal, log() {} })).apply(signal)
`

describe('verifying', () => {
  test('finds a snapshot that has less than was found when it was made', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1', 'app/two': '2' })
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    const point = await ground.point()
    const more = { ...point, facts: { ...point.facts, files: 3 } }
    expect(await filesSource.verify(config({ paths: ['app'] }), more, context)).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('the snapshot has 2 files') },
    ])
  })

  test('finds that less came back than the snapshot lists', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1', 'app/two': '2' })
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    const point = await ground.point()
    const losing: SourcePoint = {
      ...point,
      async writeTo(folder, path) {
        await point.writeTo(folder, path)
        await rm(join(folder, dir.path, 'app/two'))
      },
    }
    expect(await filesSource.verify(config({ paths: ['app'] }), losing, context)).toMatchObject([
      { severity: 'error', message: expect.stringContaining('came back, but the snapshot has 2 files') },
    ])
  })

  test('leaves nothing behind', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1' })
    await ground.backUp(filesSource, config({ paths: ['app'] }), context)
    expect(await filesSource.verify(config({ paths: ['app'] }), await ground.point(), context)).toEqual([])
    expect(await readdir(dir.join('scratch-1'))).toEqual([])
  })
})

async function restore(point: SourcePoint, context: ReadContext, options: { to?: string }): Promise<Restored> {
  return await (await filesSource.planRestore(config({ paths: ['x'] }), point, options, context)).apply(context.signal)
}

/** What is left when a process is killed between the two steps of a swap. */
async function interrupt(folder: string, name: string): Promise<void> {
  const ready = join(folder, '.hikae-ready-20261121T201714Z-99999999-00000000')
  await mkdir(ready)
  await rename(join(folder, name), join(ready, name))
}

function breaking(point: SourcePoint): SourcePoint {
  return {
    ...point,
    async writeTo(folder, path) {
      await point.writeTo(folder, path)
      throw new Error('broken')
    },
  }
}

/** A point of which only the manifest is asked. */
function stating(paths: readonly object[]): SourcePoint {
  const unasked = (): never => {
    throw new Error('this is not to be asked for')
  }
  const counts = { files: 1, directories: 1, others: 0, bytes: 1 }
  const facts = { paths, include: [], exclude: [], ...counts }
  return { time: new Date(), facts, entries: unasked, content: unasked, tar: unasked, writeTo: unasked }
}
