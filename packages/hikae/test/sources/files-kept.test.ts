import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeLoopDisk, skipBecause, whyNoLoopDisk } from '@hikae/testkit'
import { describe } from 'vitest'
import type { FilesConfig } from '../../src/sources/files/config.ts'
import { filesSource } from '../../src/sources/files/files-source.ts'
import type { KeptCopy, ReadContext, Restored } from '../../src/sources/source-kind.ts'
import type { SourcePoint } from '../../src/sources/source-point.ts'
import { config, contents, fill, pathsIn, test } from './file-tree.ts'

const noDisk = skipBecause(await whyNoLoopDisk())

async function restore(of: FilesConfig, point: SourcePoint, context: ReadContext): Promise<Restored> {
  return await (await filesSource.planRestore(of, point, {}, context)).apply(context.signal)
}

async function kept(of: FilesConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  return await filesSource.kept!(of, context)
}

async function undo(of: FilesConfig, context: ReadContext): Promise<Restored> {
  const [newest] = await kept(of, context)
  return await (await newest!.planUndo(context)).apply(context.signal)
}

describe('what was kept of included files', () => {
  const settings = config({ paths: ['srv'], include: ['.env', '*.yml'], exclude: ['node_modules'] })

  test('comes back together, and what was not there goes', async ({ dir, ground, context, expect }) => {
    await fill(dir, {
      'srv/.env': '1',
      'srv/app/.env': '2',
      'srv/app/x.yml': '3',
      'srv/new/y.yml': '4',
      'srv/other': '',
    })
    await ground.backUp(filesSource, settings, context)
    await fill(dir, { 'srv/.env': 'changed', 'srv/app/.env': 'changed' })
    await rm(dir.join('srv/app/x.yml'))
    await rm(dir.join('srv/new'), { recursive: true })
    const before = await contents(dir, 'srv')
    await restore(settings, await ground.point(), context)
    const restored = await contents(dir, 'srv')
    expect(restored).toMatchObject({ 'srv/.env': '1', 'srv/app/x.yml': '3', 'srv/new/y.yml': '4' })
    const [copy] = await kept(settings, context)
    const { steps } = await copy!.planUndo(context)
    expect(steps).toHaveLength(4)
    expect(steps.filter((step) => step.includes('which was not there before'))).toHaveLength(2)
    await undo(settings, context)
    expect(withoutKept(await contents(dir, 'srv'))).toEqual(before)
    await undo(settings, context)
    expect(withoutKept(await contents(dir, 'srv'))).toEqual(withoutKept(restored))
  })

  test('is nothing that only has a similar name, or that the source does not mean', async ({
    dir,
    context,
    expect,
  }) => {
    const stamp = 'before-20261121T201714Z'
    await fill(dir, {
      [`srv/.env.${stamp}`]: 'ours',
      [`srv/other.${stamp}`]: 'not meant',
      [`srv/node_modules/.env.${stamp}`]: 'left out',
      [`srv/.env.${stamp}.gz`]: 'somebody else made it',
      'srv/.env.before-migration': 'so they did',
    })
    const copies = await kept(settings, context)
    expect(copies.map(({ place }) => place)).toEqual([dir.join(`srv/.env.${stamp}`)])
    await copies[0]!.remove(context)
    expect((await readdir(dir.join('srv'))).toSorted()).toEqual(
      ['.env.before-migration', `.env.${stamp}.gz`, 'node_modules', `other.${stamp}`].toSorted(),
    )
  })
})

describe('what was kept of a path', () => {
  test('is found without any memory, and then only what is kept is put back', async ({
    dir,
    ground,
    context,
    expect,
  }) => {
    const both = config({ paths: ['app', 'notes'] })
    await fill(dir, { 'app/file': 'saved', notes: 'saved' })
    await ground.backUp(filesSource, both, context)
    await fill(dir, { 'app/file': 'changed' })
    await rm(dir.join('notes'))
    await restore(both, await ground.point(), context)
    await rm(dir.join('state'), { recursive: true })
    const { kept: place } = await undo(both, context)
    expect(place).toMatch(/^\S+\/app\.before-\w+$/)
    expect(await readFile(dir.join('app/file'), 'utf8')).toBe('changed')
    expect(await readFile(dir.join('notes'), 'utf8')).toBe('saved')
  })

  test('is put back where nothing is any more', async ({ dir, context, expect }) => {
    await fill(dir, { 'app.before-20261121T201714Z/file': 'old' })
    expect(await undo(config({ paths: ['app'] }), context)).toEqual({ place: dir.join('app'), findings: [] })
    expect(await readdir(dir.path)).toContain('app')
    expect(await kept(config({ paths: ['app'] }), context)).toEqual([])
  })

  test('is not what a pattern of a source means', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'srv/app/file': '', 'srv/app.before-20261121T201714Z/file': '', 'srv/app.before-lunch/file': '' })
    const all = config({ paths: ['srv/*'] })
    await ground.backUp(filesSource, all, context)
    expect((await pathsIn(await ground.point(), dir)).filter((path) => path.endsWith('file'))).toEqual([
      'srv/app.before-lunch/file',
      'srv/app/file',
    ])
    expect(await kept(all, context)).toHaveLength(1)
  })

  test('of several restores is told apart, the newest first', async ({ dir, context, expect }) => {
    await fill(dir, {
      'app/file': '',
      'app.before-20261121T201714Z/file': 'first',
      'app.before-20261122T201714Z/file': 'third',
      'app.before-20261121T201714Z-2/file': 'second',
    })
    const copies = await kept(config({ paths: ['app'] }), context)
    const texts = await Promise.all(copies.map(({ place }) => readFile(join(place, 'file'), 'utf8')))
    expect(texts).toEqual(['third', 'second', 'first'])
    expect(copies.map(({ time }) => time.toISOString())).toEqual([
      '2026-11-22T20:17:14.000Z',
      '2026-11-21T20:17:14.000Z',
      '2026-11-21T20:17:14.000Z',
    ])
  })

  test('after an undo that was killed is in order when it is asked for again', async ({ dir, context, expect }) => {
    await fill(dir, { 'app/file': 'new', 'app.before-20261121T201714Z/file': 'old' })
    const gathering = dir.join('.hikae-gather-20261122T000000Z-99999999-00000000')
    await mkdir(gathering)
    const item = { live: 'app', kept: 'app.before-20261121T201714Z', keep: 'app.before-20261122T000000Z' }
    await writeFile(join(gathering, 'plan.json'), JSON.stringify({ version: 1, items: [item] }))
    await rename(dir.join('app.before-20261121T201714Z'), join(gathering, '0'))
    expect(await kept(config({ paths: ['app'] }), context)).toHaveLength(1)
    await undo(config({ paths: ['app'] }), context)
    expect(await readFile(dir.join('app/file'), 'utf8')).toBe('old')
  })

  test.skipIf(noDisk)('that is a mount point is its whole content', async ({ ground, expect }) => {
    await using disk = await makeLoopDisk({ fileSystem: 'ext4' })
    await disk.mount()
    const context = ground.context(disk.mountPoint)
    const all = config({ paths: [disk.mountPoint] })
    await writeFile(join(disk.mountPoint, 'same'), 'saved')
    await writeFile(join(disk.mountPoint, 'gone'), 'saved')
    await ground.backUp(filesSource, all, context)
    await rm(join(disk.mountPoint, 'gone'))
    await writeFile(join(disk.mountPoint, 'same'), 'changed')
    await writeFile(join(disk.mountPoint, 'added'), 'added')
    const point = await ground.point()
    await restore(all, point, context)
    const namesOf = async (): Promise<string[]> =>
      (await readdir(disk.mountPoint))
        .filter((name) => !name.startsWith('hikae-before') && name !== 'lost+found')
        .toSorted()
    expect(await namesOf()).toEqual(['gone', 'same'])
    await ground.backUp(filesSource, all, context)
    const saved: string[] = []
    for await (const { path } of (await ground.point()).entries(disk.mountPoint)) saved.push(path)
    expect(saved.filter((path) => path.includes('hikae-before'))).toEqual([])
    expect(ground.logged.join('\n')).toMatch(/hikae-before-\w+ is what a restore has kept, and left out/)
    await undo(all, context)
    expect(await namesOf()).toEqual(['added', 'same'])
    expect(await readFile(join(disk.mountPoint, 'same'), 'utf8')).toBe('changed')
    await restore(all, point, context)
    expect(await kept(all, context)).toHaveLength(2)
    expect(await namesOf()).toEqual(['gone', 'same'])
    for (const copy of await kept(all, context)) await copy.remove(context)
    expect((await readdir(disk.mountPoint)).toSorted()).toEqual(['gone', 'lost+found', 'same'])
  })
})

describe("what is Hikae's own", () => {
  test('is left out and named, through links too', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'srv/file': '1', 'srv/backup/repository/config': 'x', 'srv/state/runs.db': 'x' })
    await symlink('srv', dir.join('link'))
    const own = [
      { path: dir.join('link/backup/repository'), kind: 'repository' },
      { path: dir.join('srv/state'), kind: 'state' },
      { path: dir.join('elsewhere'), kind: 'repository' },
    ] as const
    const all = config({ paths: ['srv'] })
    const { reading } = await ground.backUp(filesSource, all, { ...context, own })
    expect(reading?.findings).toEqual([])
    expect(await pathsIn(await ground.point(), dir)).toEqual(['srv', 'srv/backup', 'srv/file'])
    expect(ground.logged).toEqual([
      `${dir.join('srv/backup/repository')} is Hikae's own, and left out`,
      `${dir.join('srv/state')} is Hikae's own, and left out`,
    ])
    const findings = await filesSource.examine(all, { ...context, own })
    expect(findings.map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', `${dir.join('srv/backup/repository')} is a repository of this stack, and not saved`],
    ])
    const named = config({ paths: ['srv'], exclude: ['backup/repository', 'srv/state'] })
    expect(await filesSource.examine(named, { ...context, own })).toEqual([])
  })

  test('is saved where it is what was named', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'usb/config': 'x' })
    const named = config({ paths: ['usb'] })
    await ground.backUp(filesSource, named, { ...context, own: [{ path: dir.join('usb'), kind: 'repository' }] })
    expect(await pathsIn(await ground.point(), dir)).toEqual(['usb', 'usb/config'])
  })

  test('is not carried away by a restore, nor by an undo', async ({ dir, ground, context, expect }) => {
    await fill(dir, { 'srv/file': '1', 'srv/usb/config': 'x', 'srv.before-20261121T201714Z/file': '0' })
    const all = config({ paths: ['srv'] })
    const own = [{ path: dir.join('srv/usb'), kind: 'repository' }] as const
    await ground.backUp(filesSource, all, { ...context, own })
    const point = await ground.point()
    await expect(filesSource.planRestore(all, point, {}, { ...context, own })).rejects.toMatchObject({
      message: expect.stringContaining(
        `${dir.join('srv/usb')} is a repository of this stack, and would be carried away`,
      ),
      hint: expect.stringContaining('--to FOLDER'),
    })
    const state = [{ path: dir.join('srv/usb'), kind: 'state' }] as const
    const { steps } = await filesSource.planRestore(all, point, {}, { ...context, own: state })
    expect(steps.at(-1)).toContain(`the history of runs in ${dir.join('srv/usb')} goes with what is kept`)
    const [copy] = await kept(all, { ...context, own })
    await expect(copy!.planUndo({ ...context, own })).rejects.toThrow('would be carried away')
  })
})

function withoutKept(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.includes('.before-')))
}
