import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { missingPrograms, runOk, skipBecause } from '@hikae/testkit'
import { describe } from 'vitest'
import { commit, contentOf, fillRepository, makeRepository, runGit } from './git-ground.ts'
import { test as base } from './git-test.ts'

const config = { path: 'app' }

const test = base.extend('app', async ({ dir }) => {
  const path = dir.join('app')
  await makeRepository(path)
  await fillRepository(path)
  await runGit(path, 'config', 'user.name', 'Somebody')
  await writeFile(`${path}/.git/hooks/pre-commit`, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  await writeFile(`${path}/.git/info/exclude`, '*.tmp\n')
  return path
})

describe.skipIf(skipBecause(await missingPrograms('git')))('a restored git repository', () => {
  test('has files where the source had them, and its settings and hooks', async ({ trial, dir, app, expect }) => {
    await trial.backUp(config)
    await trial.restore(config, await trial.ground.point(), 'copy')
    expect(await runGit(dir.join('copy'), 'status', '--porcelain')).toBe('')
    expect(await readFile(dir.join('copy/src/täst "quoted"\tname.txt'), 'utf8')).toBe('odd\n')
    expect(await runGit(dir.join('copy'), 'config', 'user.name')).toBe('Somebody')
    expect(await readFile(dir.join('copy/.git/info/exclude'), 'utf8')).toBe('*.tmp\n')
    expect((await stat(dir.join('copy/.git/hooks/pre-commit'))).mode & 0o777).toBe(0o755)
    expect(await readFile(dir.join('copy/readme.txt'), 'utf8')).toBe(
      await runGit(app, 'show', 'main:readme.txt').then((text) => `${text}\n`),
    )
    expect((await readdir(dir.path)).filter((name) => name.startsWith('.hikae'))).toEqual([])
  })

  test('takes the place of the old one, whose files stay as they are', async ({ trial, app, expect }) => {
    await trial.backUp(config)
    await commit(app, { 'later.txt': 'later\n' })
    await writeFile(`${app}/unsaved.txt`, 'unsaved\n')
    const restored = await trial.restore(config, await trial.ground.point())
    expect(restored.kept).toMatch(/\/app\/\.git\.before-\d{8}T\d{6}Z$/)
    expect(await readFile(`${app}/unsaved.txt`, 'utf8')).toBe('unsaved\n')
    expect((await runGit(app, 'status', '--porcelain')).split('\n').sort()).toEqual(['?? later.txt', '?? unsaved.txt'])
    expect(await runGit(restored.kept!, 'log', '-1', '--format=%s', 'main')).toContain('later.txt')
    const again = await trial.restore(config, await trial.ground.point())
    expect(again.kept).not.toBe(restored.kept)
    expect((await runGit(app, 'status', '--porcelain')).split('\n')).toHaveLength(2)
  })

  test('is made anew where the old one is gone', async ({ trial, app, expect }) => {
    const before = await contentOf(app)
    await trial.backUp(config)
    await rm(app, { recursive: true })
    const restored = await trial.restore(config, await trial.ground.point())
    expect(restored).toEqual({ place: app, findings: [] })
    expect(await contentOf(app)).toEqual(before)
    expect(await runGit(app, 'status', '--porcelain')).toBe('')
  })

  test('that was killed in the middle of a swap is there at the next run', async ({ trial, app, expect }) => {
    await trial.backUp(config)
    const ready = `${app}/.hikae-ready-20261121T201714Z-99999999-00000000`
    await mkdir(ready)
    await rename(`${app}/.git`, `${ready}/.git`)
    const { findings } = await trial.backUp(config)
    expect(findings).toEqual([expect.objectContaining({ message: expect.stringContaining('has been finished now') })])
    expect(await runGit(app, 'status', '--porcelain')).toBe('')
  })

  test('that is bare takes the place of a bare one', async ({ trial, dir, app, expect }) => {
    await runGit(dir.path, 'clone', '--quiet', '--mirror', app, 'bare.git')
    const before = await contentOf(dir.join('bare.git'))
    await trial.backUp({ path: 'bare.git' })
    await runGit(dir.join('bare.git'), 'update-ref', '-d', 'refs/heads/main')
    const restored = await trial.restore({ path: 'bare.git' }, await trial.ground.point())
    expect(restored.kept).toContain(`${dir.join('bare.git')}.before-`)
    expect(await contentOf(dir.join('bare.git'))).toEqual(before)
    expect(await runGit(dir.join('bare.git'), 'config', 'remote.origin.url')).toBe(app)
  })

  test('takes nothing that is in the way', async ({ trial, dir, app, expect }) => {
    await trial.backUp(config)
    const point = await trial.ground.point()
    await expect(trial.restore(config, point, dir.path)).rejects.toMatchObject({
      message: expect.stringContaining('is not empty'),
      hint: expect.stringContaining('choose a folder'),
    })
    await runGit(app, 'worktree', 'add', '--quiet', '-f', '../linked', 'main~1')
    await expect(trial.restore({ path: 'linked' }, point)).rejects.toThrow('lies in another folder')
    await runGit(dir.path, 'init', '--quiet', '--bare', 'bare.git')
    await expect(trial.restore({ path: 'bare.git' }, point)).rejects.toThrow('is now a bare repository')
    await expect(trial.restore({ url: 'https://git.example.com/app.git' }, point)).rejects.toMatchObject({
      hint: expect.stringContaining('--to push:ADDRESS'),
    })
  })

  test('is pushed into an empty repository, and into no other', async ({ trial, dir, app, expect }) => {
    await trial.backUp(config)
    const point = await trial.ground.point()
    await runGit(dir.path, 'init', '--quiet', '--bare', '--initial-branch=trunk', 'new.git')
    const target = `push:${dir.join('new.git')}`
    const { findings } = await trial.restore(config, point, target)
    expect(findings).toEqual([
      {
        severity: 'warning',
        message: expect.stringContaining('refs/pull/7/head, refs/stash'),
        hint: expect.any(String),
      },
      {
        severity: 'warning',
        message: expect.stringContaining('the default branch was refs/heads/main'),
        hint: expect.any(String),
      },
    ])
    const refs = await runGit(app, 'for-each-ref')
    expect(await runGit(dir.join('new.git'), 'for-each-ref')).toBe(
      refs
        .split('\n')
        .filter((line) => !/refs\/(?:pull\/|stash)/.test(line))
        .join('\n'),
    )
    const before = await contentOf(dir.join('new.git'))
    await expect(trial.restore(config, point, target)).rejects.toMatchObject({
      message: expect.stringContaining('is not empty'),
      hint: expect.stringContaining('make a new, empty repository'),
    })
    expect(await contentOf(dir.join('new.git'))).toEqual(before)
    await expect(trial.restore(config, point, 'push:https://me:geheim@host/x.git')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.not.stringContaining('geheim'),
    })
  })

  test('says which refs a server did not take', async ({ trial, dir, app, expect }) => {
    await trial.backUp({ path: app })
    await runGit(dir.path, 'init', '--quiet', '--bare', '--initial-branch=main', 'new.git')
    const hook = '#!/bin/sh\ncase $1 in refs/tags/*) echo "tags are protected" >&2; exit 1 ;; esac\n'
    await mkdir(dir.join('new.git/hooks'), { recursive: true })
    await writeFile(dir.join('new.git/hooks/update'), hook, { mode: 0o755 })
    const plain = await trial.restore(config, await trial.ground.point(), `push:${dir.join('new.git')}`)
    expect(plain.findings[0]).toMatchObject({ severity: 'error', message: expect.stringContaining('refs/tags/v1') })
    expect(plain.findings[0]!.message).toContain('did not take 2 of 7 refs')
  })

  test('can be had from the snapshot without Hikae, as its README says', async ({ trial, dir, app, expect }) => {
    await trial.backUp(config)
    await commit(app, { 'later.txt': 'later\n' })
    await trial.backUp(config)
    const saved = dir.join('saved')
    await (await trial.ground.point()).writeTo(saved)
    const commands = (await readFile(`${saved}/README.txt`, 'utf8')).split('\n').filter((line) => line.startsWith('  '))
    expect(commands.length).toBeGreaterThan(4)
    await runOk('sh', ['-ec', commands.join('\n')], { cwd: saved, env: { LC_ALL: undefined, LANG: 'C.UTF-8' } })
    expect(await contentOf(`${saved}/repository.git`)).toEqual(await contentOf(app))
  })

  test('is not called good when the snapshot is not what was saved', async ({ trial, app, expect }) => {
    await trial.backUp(config)
    const point = await trial.ground.point()
    const refs = { ...point, facts: { ...point.facts, objects: 1 } }
    const [finding] = await trial.kind.verify(trial.parse(config), refs, trial.context)
    expect(finding).toMatchObject({ severity: 'error', message: expect.stringContaining('and 1 were saved') })
    const swapped = {
      ...point,
      async writeTo(folder: string, path?: string) {
        await point.writeTo(folder, path)
        const refs = await readFile(`${folder}/packed-refs`, 'latin1')
        await writeFile(`${folder}/packed-refs`, refs.split('\n').slice(1).join('\n'), 'latin1')
      },
    }
    const [other] = await trial.kind.verify(trial.parse(config), swapped, trial.context)
    expect(other).toMatchObject({ severity: 'error', message: 'the list of refs is not what was saved' })
    const before = await contentOf(app)
    await expect(trial.restore(config, swapped)).rejects.toThrow('the list of refs is not what was saved')
    expect(await contentOf(app)).toEqual(before)
    expect((await readdir(app)).filter((name) => name.startsWith('.'))).toEqual(['.git'])
  })
})
