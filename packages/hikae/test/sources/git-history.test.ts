import { chown, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { isRoot, missingPrograms, randomBytesOf, runOk, skipBecause } from '@hikae/testkit'
import { describe } from 'vitest'
import { commit, contentOf, fillRepository, makeRepository, runGit } from './git-ground.ts'
import { test as base } from './git-test.ts'

const test = base.extend('app', async ({ dir }) => {
  const path = dir.join('app')
  await makeRepository(path)
  await commit(path, { 'readme.txt': 'first\n' })
  return path
})
const config = { path: 'app' }

async function bundlesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.bundle')).sort()
}

/** A ref whose name is no UTF-8, as old tools made them. */
async function makeOddRef(repository: string): Promise<void> {
  const object = await runGit(repository, 'rev-parse', 'HEAD')
  const order = Buffer.from(`create refs/heads/caf\xe9 ${object}\n`, 'latin1')
  await runOk('git', ['-C', repository, 'update-ref', '--stdin'], { input: order })
}

describe.skipIf(skipBecause(await missingPrograms('git')))('the history of a git repository', () => {
  test('grows by what is new: each run adds one small bundle', async ({ trial, dir, app, expect }) => {
    await writeFile(`${app}/noise`, randomBytesOf('base', 400_000))
    await commit(app, {})
    const first = await trial.backUp(config)
    expect(first.added).toBeGreaterThan(400_000)
    for (let round = 1; round <= 5; round++) {
      await commit(app, { 'readme.txt': `round ${round}\n` })
      const { added, facts } = await trial.backUp(config)
      expect(added).toBeLessThan(20_000)
      expect(facts['bundles']).toHaveLength(round + 1)
    }
    expect(await trial.kind.verify(config, await trial.ground.point(), trial.context)).toEqual([])
    expect(await bundlesIn(dir.join('state/bundles'))).toHaveLength(6)
  })

  test('is bundled anew when what was added has become much', async ({ trial, dir, app, expect }) => {
    await trial.backUp(config)
    const counts: number[] = []
    for (const seed of [1, 2, 3]) {
      await writeFile(`${app}/noise-${seed}`, randomBytesOf(seed, 800_000))
      await commit(app, {})
      await trial.backUp(config)
      counts.push((await bundlesIn(dir.join('state/bundles'))).length)
    }
    expect(counts).toEqual([2, 3, 1])
    expect(trial.log).toContain('a new chain of bundles is begun')
    await trial.restore(config, await trial.ground.point(), 'copy')
    expect(await contentOf(dir.join('copy'))).toEqual(await contentOf(app))
  })

  test('that was rewritten or deleted on the remote stays in older snapshots, and the log names it', async ({
    trial,
    dir,
    app,
    expect,
  }) => {
    await runGit(app, 'checkout', '--quiet', '-b', 'doomed')
    await commit(app, { 'doomed.txt': 'gone soon\n' })
    await runGit(app, 'checkout', '--quiet', 'main')
    await commit(app, { 'secret.txt': 'rewritten soon\n' })
    const before = await contentOf(app)
    await trial.backUp(config)
    const old = await trial.ground.point()

    await runGit(app, 'branch', '--quiet', '-D', 'doomed')
    await runGit(app, 'reset', '--quiet', '--hard', 'HEAD~1')
    await commit(app, { 'other.txt': 'another history\n' })
    await runGit(app, 'reflog', 'expire', '--expire=now', '--all')
    await runGit(app, 'gc', '--quiet', '--prune=now')
    await trial.backUp(config)
    expect(trial.log).toContain('gone from the remote since the last run: refs/heads/doomed;')
    expect(trial.log).toContain('rewritten on the remote since the last run: refs/heads/main;')
    expect(await trial.kind.verify(config, await trial.ground.point(), trial.context)).toEqual([])

    await trial.restore(config, old, 'old')
    expect(await contentOf(dir.join('old'))).toEqual(before)
  })

  test('goes on in the same chain when the mirror is lost, and anew when all of the state is', async ({
    trial,
    dir,
    app,
    expect,
  }) => {
    await trial.backUp(config)
    await commit(app, { 'two.txt': 'two\n' })
    await rm(dir.join('state/mirror.git'), { recursive: true })
    expect((await trial.backUp(config)).facts['bundles']).toHaveLength(2)
    expect(await trial.kind.verify(config, await trial.ground.point(), trial.context)).toEqual([])
    await rm(dir.join('state'), { recursive: true })
    expect((await trial.backUp(config)).facts['bundles']).toHaveLength(1)
    expect(await trial.kind.verify(config, await trial.ground.point(), trial.context)).toEqual([])
  })

  test('needs no bundle for a branch on an old commit, and the branch comes back', async ({
    trial,
    dir,
    app,
    expect,
  }) => {
    await commit(app, { 'two.txt': 'two\n' })
    await trial.backUp(config)
    await runGit(app, 'branch', 'old', 'HEAD~1')
    expect((await trial.backUp(config)).facts).toMatchObject({ refs: 2, bundles: [{}] })
    await trial.restore(config, await trial.ground.point(), 'copy')
    expect(await contentOf(dir.join('copy'))).toEqual(await contentOf(app))
  })

  test('keeps a commit that only HEAD is on', async ({ trial, dir, app, expect }) => {
    await runGit(app, 'checkout', '--quiet', '--detach')
    const lonely = await commit(app, { 'lonely.txt': 'lonely\n' })
    await trial.backUp(config)
    await commit(app, { 'lonelier.txt': 'more\n' })
    const { facts } = await trial.backUp(config)
    expect(facts).toMatchObject({ head: await runGit(app, 'rev-parse', 'HEAD'), refs: 1 })
    await trial.restore(config, await trial.ground.point(), 'copy')
    expect(await runGit(dir.join('copy'), 'log', '--format=%H')).toContain(lonely)
    expect(await readFile(dir.join('copy/lonelier.txt'), 'utf8')).toBe('more\n')
    await runGit(app, 'checkout', '--quiet', 'main')
    expect((await trial.backUp(config)).facts).toMatchObject({ head: 'ref: refs/heads/main', refs: 1 })
    expect(await trial.kind.verify(config, await trial.ground.point(), trial.context)).toEqual([])
  })

  test('comes back with refs whose names are no text', async ({ trial, dir, app, expect }) => {
    await fillRepository(app)
    await makeOddRef(app)
    await trial.backUp(config)
    await trial.restore(config, await trial.ground.point(), 'copy')
    const content = await contentOf(app)
    expect(content).toMatchObject({ refs: expect.arrayContaining([expect.stringContaining('refs/heads/caf\xe9')]) })
    expect(await contentOf(dir.join('copy'))).toEqual(content)
  })

  test('comes back from a repository that names objects by SHA-256', async ({ trial, dir, expect }) => {
    await runGit(dir.path, 'init', '--quiet', '--object-format=sha256', '--initial-branch=main', 'new')
    await commit(dir.join('new'), { 'one.txt': 'one\n' })
    await trial.backUp({ path: 'new' })
    await commit(dir.join('new'), { 'two.txt': 'two\n' })
    const { facts } = await trial.backUp({ path: 'new' })
    expect(facts).toMatchObject({ objectFormat: 'sha256' })
    await trial.restore({ path: 'new' }, await trial.ground.point(), 'copy')
    expect(await contentOf(dir.join('copy'))).toEqual(await contentOf(dir.join('new')))
  })

  test('is saved with objects that git would not make today', async ({ trial, dir, app, expect }) => {
    const blob = await runGit(app, 'rev-parse', 'HEAD:readme.txt')
    const tree = Buffer.concat([Buffer.from('0100644 padded.txt\0'), Buffer.from(blob, 'hex')])
    await writeFile(dir.join('tree'), tree)
    const made = await runGit(app, 'hash-object', '-t', 'tree', '--literally', '-w', dir.join('tree'))
    const old = await runGit(app, 'commit-tree', made, '-m', 'old-fashioned')
    await runGit(app, 'branch', 'old-fashioned', old)
    const { facts, findings } = await trial.backUp(config)
    expect(facts).toMatchObject({ oldFashioned: 1 })
    expect(findings).toEqual([])
    expect(await trial.kind.verify(config, await trial.ground.point(), trial.context)).toEqual([])
  })

  test('is not saved from a shallow clone, which has not all of it', async ({ trial, dir, app, expect }) => {
    await commit(app, { 'two.txt': 'two\n' })
    await runGit(dir.path, 'clone', '--quiet', '--depth=1', `file://${app}`, 'shallow')
    const [finding] = await trial.kind.examine({ path: 'shallow' }, trial.context)
    expect(finding).toMatchObject({ severity: 'error', message: expect.stringContaining('is a shallow clone') })
    await expect(trial.backUp({ path: 'shallow' })).rejects.toMatchObject({
      message: expect.stringContaining('shows refs/heads/main and does not give it'),
      hint: expect.stringContaining('--unshallow'),
    })
    expect(await trial.ground.snapshotCount()).toBe(0)
  })

  test('names submodules, which are repositories of their own, without their passwords', async ({
    trial,
    app,
    expect,
  }) => {
    const url = 'https://me:geheim@example.com/lib.git'
    await commit(app, { '.gitmodules': `[submodule "lib"]\n\tpath = lib\n\turl = ${url}\n` })
    const { facts, findings } = await trial.backUp(config)
    expect(facts['submodules']).toEqual(['https://example.com/lib.git'])
    expect(findings).toEqual([])
    expect(trial.log).toContain('submodules are not in this backup')
    expect(trial.log).not.toContain('geheim')
  })

  test('is empty when all refs are gone, and comes back empty', async ({ trial, dir, app, expect }) => {
    await runGit(app, 'branch', '--quiet', '-m', 'trunk')
    await trial.backUp(config)
    await runGit(app, 'update-ref', '-d', 'refs/heads/trunk')
    expect(await trial.backUp(config)).toMatchObject({ isEmpty: true, facts: { refs: 0 } })
    await trial.restore(config, await trial.ground.point(), 'copy')
    expect(await runGit(dir.join('copy'), 'for-each-ref')).toBe('')
    expect(await runGit(dir.join('copy'), 'symbolic-ref', 'HEAD')).toBe('refs/heads/trunk')
  })

  test('is read from a repository of somebody else, and nothing that is configured there is run', async ({
    trial,
    dir,
    app,
    expect,
    skip,
  }) => {
    if (!isRoot()) skip('giving a folder to somebody else needs root')
    const trap = `touch ${dir.join('trapped')}`
    for (const [key, value] of [
      ['core.fsmonitor', trap],
      ['core.sshCommand', trap],
      ['uploadpack.packObjectsHook', trap],
      ['filter.trap.clean', trap],
      ['filter.trap.smudge', trap],
      ['core.pager', trap],
    ] as const) {
      await runGit(app, 'config', key, value)
    }
    await writeFile(`${app}/.git/hooks/reference-transaction`, `#!/bin/sh\n${trap}\n`, { mode: 0o755 })
    await writeFile(`${app}/.git/hooks/post-checkout`, `#!/bin/sh\n${trap}\n`, { mode: 0o755 })
    await writeFile(`${app}/.git/info/attributes`, '* filter=trap\n')
    for (const name of ['.', ...(await readdir(app, { recursive: true }))]) await chown(`${app}/${name}`, 4711, 4711)
    expect(await trial.kind.examine({ path: app }, trial.context)).toEqual([])
    await trial.backUp(config)
    const point = await trial.ground.point()
    await trial.restore(config, point, 'copy')
    await trial.restore(config, point)
    await expect(stat(dir.join('trapped'))).rejects.toThrow('ENOENT')
    expect(await readFile(`${app}/.git/hooks/post-checkout`, 'utf8')).toContain(trap)
    expect((await stat(`${app}/.git/hooks/post-checkout`)).mode & 0o111).toBe(0o111)
    expect(await stat(`${app}/.git/packed-refs`)).toMatchObject({ uid: 4711, gid: 4711 })
  })
})
