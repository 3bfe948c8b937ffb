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
import {
  compareTrees,
  makeHostileTree,
  makeLoopDisk,
  makeTempDir,
  readTreeFacts,
  runOk,
  skipBecause,
  type TempDir,
  whyNoLoopDisk,
} from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { z } from 'zod'
import { filesConfig } from '../../src/sources/files/config.ts'
import { filesSource } from '../../src/sources/files/files-source.ts'
import type { ReadContext, Restored, SourceKind } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { describeSource, type SourceSubject } from '../support/describe-source.ts'
import { SourceGround } from '../support/source-ground.ts'

type Config = Parameters<typeof filesSource.describe>[0]

const config = (given: object): Config => filesConfig.parse(given)

describeSource('files', async (dir): Promise<SourceSubject<Config>> => {
  const base = dir.join('base')
  const tree = join(base, 'tree')
  await mkdir(join(base, 'empty/in/empty'), { recursive: true })
  await mkdir(tree)
  await makeHostileTree(tree, { size: 'small' })
  const lasting = config({ paths: ['base/tree'] })
  const { kind, begun } = tellingWhenItReads(lasting)
  return {
    kind,
    config: config({ paths: ['base/tree'] }),
    folder: dir.path,
    content: (to = tree) => contentOf(to),
    elsewhere: join(base, 'elsewhere'),
    async change() {
      await rm(join(tree, 'contents'), { recursive: true })
      await writeFile(join(tree, 'added'), 'new')
      await writeFile(join(tree, 'links/file'), 'different')
    },
    empty: config({ paths: ['base/empty'] }),
    // The memory of a process cannot be read from its beginning, not even by root.
    failing: config({ paths: ['base/tree', `/proc/${process.pid}/mem`] }),
    lasting: { config: lasting, begun },
    traces: async () => [
      await readdir(base),
      (await readdir(dir.path)).filter((name) => !/^scratch|^state/.test(name)),
    ],
    [Symbol.asyncDispose]: async () => undefined,
  }
})

const test = base
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ dir, ground }) => ground.context(dir.path))

describe('what is saved', () => {
  test('has its paths and counts in the manifest', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '1', 'app/deep/two': '22', 'etc/conf': '333', 'other/three': '' })
    await symlink('one', dir.join('app/link'))
    const { backup, reading } = await ground.backUp(
      filesSource,
      config({ paths: ['app', 'etc/conf', 'app/deep'] }),
      context,
    )
    expect(backup.outcome).toBe('succeeded')
    expect(reading?.findings).toEqual([])
    const point = await ground.point()
    expect(point.facts).toMatchObject({
      paths: [
        { path: dir.join('app'), type: 'directory' },
        { path: dir.join('etc/conf'), type: 'file' },
      ],
      files: 3,
      others: 1,
      bytes: 6,
    })
    expect(await pathsIn(point, dir)).toEqual([
      'app',
      'app/deep',
      'app/deep/two',
      'app/link',
      'app/one',
      'etc',
      'etc/conf',
    ])
    expect(backup.repositories[0]!.snapshot?.paths).toEqual(['app', 'etc/conf', 'app/deep'].map((at) => dir.join(at)))
  })

  test('is what patterns leave', async ({ dir, ground, context, expect }) => {
    await fill(dir, {
      'app/node_modules/x': '',
      'app/.next/y': '',
      'app/src/z': '',
      'app/cache/CACHEDIR.TAG': 'Signature: 8a477f597d28d172789f06886806bc55',
      'app/cache/entry': '',
      'app/marked/.nobackup': '',
      'app/marked/entry': '',
      'app/large': 'x'.repeat(2000),
    })
    const given = config({
      paths: ['app'],
      exclude: ['node_modules', '.next'],
      excludeCaches: true,
      excludeIfPresent: ['.nobackup'],
      excludeLargerThan: '1K',
    })
    const { backup } = await ground.backUp(filesSource, given, context)
    expect(await pathsIn(await ground.point(), dir)).toEqual([
      'app',
      'app/cache',
      'app/cache/CACHEDIR.TAG',
      'app/marked',
      'app/marked/.nobackup',
      'app/src',
      'app/src/z',
    ])
    expect(backup.repositories[0]!.snapshot?.excludes).toEqual(['node_modules', '.next'])
  })

  test('is only what include patterns mean, in the folders that it needs', async ({ dir, ground, context, expect }) => {
    await fill(dir, {
      'srv/a/.env': 'A',
      'srv/a/src/index.ts': '',
      'srv/a/docker-compose.yml': 'services',
      'srv/b/deep/er/.env': 'B',
      'srv/b/node_modules/p/.env': 'not this',
      'srv/c/nothing': '',
      'srv/config/any/thing': 'below what is included',
      alone: 'named itself',
    })
    await mkdir(dir.join('srv/config/empty'))
    const given = config({
      paths: ['srv', 'alone'],
      include: ['**/.env', '**/docker-compose.yml', 'config'],
      exclude: ['node_modules'],
    })
    const { reading } = await ground.backUp(filesSource, given, context)
    expect(await pathsIn(await ground.point(), dir)).toEqual([
      'alone',
      'srv',
      'srv/a',
      'srv/a/.env',
      'srv/a/docker-compose.yml',
      'srv/b',
      'srv/b/deep',
      'srv/b/deep/er',
      'srv/b/deep/er/.env',
      'srv/config',
      'srv/config/any',
      'srv/config/any/thing',
    ])
    expect(reading).toMatchObject({ isEmpty: false, findings: [], facts: { files: 5 } })
  })

  test('is found by patterns in paths, which are names where there are such', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'srv/a/data/1': '', 'srv/b/data/2': '', 'srv/b/other': '', 'web/[id]/page': '', 'web/i/no': '' })
    await mkdir(dir.join('srv/.hikae-new-20261121T201714Z-99999999-00000000'))
    await ground.backUp(filesSource, config({ paths: ['srv/*/data', `${dir.path}/web/[id]`, 'srv/[^a]*'] }), context)
    expect(await pathsIn(await ground.point(), dir)).toEqual([
      ...['srv', 'srv/a', 'srv/a/data', 'srv/a/data/1'],
      ...['srv/b', 'srv/b/data', 'srv/b/data/2', 'srv/b/other', 'web', 'web/[id]', 'web/[id]/page'],
    ])
  })

  test('is cut finely when that is asked for', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/data': 'x' })
    for (const chunk of ['standard', 'fine'] as const) {
      await using source = await filesSource.open(config({ paths: ['app/data'], chunk }), context)
      expect(await lastEntry(source.root)).toMatchObject({
        name: 'data',
        content: { kind: 'path' },
        ...(chunk === 'fine' ? { chunks: 'fine' } : {}),
      })
    }
    await ground.backUp(filesSource, config({ paths: ['app'], chunk: 'fine' }), context)
    expect(await textOf(await ground.point(), dir.join('app/data'))).toBe('x')
  })

  test('stays on one file system when that is asked for', async ({ ground, context, expect }) => {
    const given = config({ paths: ['/proc/self'], oneFileSystem: true })
    await using source = await filesSource.open(given, context)
    expect(await lastEntry(source.root)).toMatchObject({ name: 'self', kind: 'symlink' })
    expect(ground.logged).toEqual([])
  })
})

describe('what is not as it should be', () => {
  test('a missing path makes the run incomplete, and so does a pattern that nothing fits', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'app/one': '' })
    const { backup } = await ground.backUp(filesSource, config({ paths: ['app', 'absent', 'none/*'] }), context)
    expect(backup.outcome).toBe('incomplete')
    expect(backup.unreadable.map(({ path }) => path).sort()).toEqual([dir.join('absent'), 'none/*'])
  })

  test('nothing at all fails, and makes no snapshot', async ({ ground, context, expect }) => {
    for (const paths of [['absent'], ['none/*'], ['absent', 'none/*']]) {
      await expect(ground.backUp(filesSource, config({ paths }), context)).rejects.toThrow(/nothing/)
    }
    expect(await ground.snapshotCount()).toBe(0)
  })

  test('an empty tree is reported by name, with and without include patterns', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    await fill(dir, { 'app/one': '' })
    await mkdir(dir.join('empty/deep'), { recursive: true })
    const empty = await ground.backUp(filesSource, config({ paths: ['empty'] }), context)
    expect(empty.reading).toMatchObject({
      isEmpty: true,
      findings: [{ severity: 'error', message: `there is no file to save in ${dir.join('empty')}` }],
    })
    const unmatched = await ground.backUp(filesSource, config({ paths: ['app'], include: ['*.sql'] }), context)
    expect(unmatched.reading).toMatchObject({ isEmpty: true, facts: { files: 0 } })
  })

  test('a path that is named and excluded is a finding', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'app/one': '', 'cache/two': '' })
    const { reading } = await ground.backUp(
      filesSource,
      config({ paths: ['app', 'cache'], exclude: ['cache'] }),
      context,
    )
    expect(reading?.findings).toMatchObject([{ severity: 'error', message: expect.stringContaining('left out') }])
  })

  test('is found by examining', async ({ dir, context, expect }) => {
    await fill(dir, { 'app/one': '', 'cache/two': '' })
    await mkdir(dir.join('empty'))
    const given = config({
      paths: ['app', 'absent', 'none/*', 'cache', 'empty'],
      include: ['one', '*.sql'],
      exclude: ['cache'],
    })
    const findings = await filesSource.examine(given, context)
    expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'error: nothing matches none/*',
      `error: ${dir.join('absent')} is not there`,
      `error: ${dir.join('cache')} is named, and left out by an exclude option`,
      `warning: nothing in ${dir.join('empty')} would be saved`,
      'warning: no file matches the include pattern *.sql',
    ])
    expect(findings.every(({ hint }) => hint !== undefined)).toBe(true)
  })

  test('a pattern that cannot be understood', async ({ dir, context, expect }) => {
    await fill(dir, { 'app/one': '' })
    expect(await filesSource.examine(config({ paths: ['app'], exclude: ['[a'] }), context)).toMatchObject([
      { severity: 'error', message: expect.stringContaining('[a') },
    ])
    await expect(filesSource.open(config({ paths: ['app'], exclude: ['[a'] }), context)).rejects.toThrow('[a')
  })

  test('is described for editors', ({ expect }) => {
    expect(z.toJSONSchema(filesConfig, { io: 'input' })).toMatchObject({ required: ['paths'] })
  })

  test.for([
    [{ paths: [] }],
    [{ paths: ['a\0b'] }],
    [{ paths: ['a'], excludeLargerThan: 'huge' }],
    [{ paths: ['a'], incldue: [] }],
  ])('%j is no configuration', ([given], { expect }) => {
    expect(filesConfig.safeParse(given).success).toBe(false)
  })
})

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

  test('refuses the root of the system', async ({ context, expect }) => {
    const point = stating([{ path: '/', type: 'directory' }])
    await expect(filesSource.planRestore(config({ paths: ['/'] }), point, {}, context)).rejects.toMatchObject({
      message: expect.stringContaining('/ cannot be replaced'),
      hint: expect.stringContaining('--to FOLDER'),
    })
  })
})

describe.skipIf(skipBecause(await whyNoLoopDisk()))('a restore in place at a mount point', () => {
  test('replaces what is in it, and keeps the old in it', async ({ dir, ground, context, expect }) => {
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

  test('is refused where something is mounted further down', async ({ dir, ground, context, expect }) => {
    await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
    await fill(dir, { 'srv/app/one': '1', 'srv/app/disk/below': '' })
    await ground.backUp(filesSource, config({ paths: ['srv/app'] }), context)
    await disk.mount(dir.join('srv/app/disk'))
    await expect(restore(await ground.point(), context, {})).rejects.toThrow('disk is a mount point, and would be')
    await disk.unmountLazily(dir.join('srv/app/disk'))
    await restore(await ground.point(), context, {})
  })
})

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

/** The kind, and when the files of one configuration begin to be read. */
function tellingWhenItReads(watched: Config): { kind: SourceKind<Config>; begun: () => Promise<void> } {
  const begun = Promise.withResolvers<void>()
  return {
    begun: () => begun.promise,
    kind: {
      ...filesSource,
      async open(given, context) {
        const source = await filesSource.open(given, context)
        if (given !== watched) return source
        return {
          ...source,
          root: {
            ...source.root,
            async *children(signal) {
              begun.resolve()
              yield* source.root.children(signal)
            },
          },
        }
      },
    },
  }
}

/** All facts that are saved: not how much room files take up, no sockets, and not that a FIFO has two names. */
async function contentOf(root: string): Promise<unknown> {
  const facts = [...(await readTreeFacts(root))].filter(([, { type }]) => type !== 'socket')
  return facts.map(([path, fact]) => {
    const isFifo = fact.type === 'fifo'
    return [path, { ...fact, allocated: undefined, sameFile: isFifo ? undefined : fact.sameFile }]
  })
}

async function fill(dir: TempDir, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(dir.join(path)), { recursive: true })
    await writeFile(dir.join(path), content)
  }
}

/** Files below a folder by their paths. */
async function contents(dir: TempDir, folder: string): Promise<Record<string, string>> {
  const entries = await readdir(dir.join(folder), { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const read = files
    .sort()
    .map(async (path) => [path.slice(dir.path.length + 1), await readFile(path, 'utf8')] as const)
  return Object.fromEntries(await Promise.all(read))
}

/** Paths of a point below a folder of the test. */
async function pathsIn(point: SourcePoint, dir: TempDir): Promise<string[]> {
  const paths: string[] = []
  for await (const { path } of point.entries(dir.path)) {
    if (path !== dir.path) paths.push(path.slice(dir.path.length + 1))
  }
  return paths.sort()
}

async function textOf(point: SourcePoint, path: string): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const part of point.content(path)) parts.push(part)
  return Buffer.concat(parts).toString()
}

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
  return { time: new Date(), facts, entries: unasked, content: unasked, writeTo: unasked }
}

/** The deepest of the first entries. */
async function lastEntry(directory: Awaited<ReturnType<typeof filesSource.open>>['root']): Promise<unknown> {
  for await (const entry of directory.children(new AbortController().signal)) {
    return entry.kind === 'directory' ? await lastEntry(entry) : entry
  }
  return undefined
}
