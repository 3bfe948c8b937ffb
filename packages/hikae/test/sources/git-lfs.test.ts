import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingPrograms, skipBecause, startGitServer } from '@hikae/testkit'
import { describe } from 'vitest'
import { commit, contentOf, makeRepository, pointerTo, putLfs, runGit } from './git-ground.ts'
import { test as base } from './git-test.ts'

const LOGIN = { username: 'backup', password: 'tok-77aa01' }
const env = { ...process.env, GIT_TOKEN: LOGIN.password }
const LARGE = 'large content '.repeat(10_000)

const test = base.extend('server', async ({ dir }, { onCleanup }) => {
  const app = dir.join('app')
  await makeRepository(app)
  const first = pointerTo(LARGE)
  const second = pointerTo('an older version')
  await commit(app, { 'large.bin': second.pointer })
  await commit(app, { 'large.bin': first.pointer })
  await runGit(dir.path, 'clone', '--quiet', '--mirror', 'app', 'root/app.git')
  const server = await startGitServer({ root: dir.join('root'), login: LOGIN })
  onCleanup(() => server[Symbol.asyncDispose]())
  server.lfs.set(first.oid, Buffer.from(LARGE)).set(second.oid, Buffer.from('an older version'))
  const config = { url: `${server.url}app.git`, username: LOGIN.username, token: { env: 'GIT_TOKEN' } }
  return { ...server, app, first, second, config, bare: dir.join('root/app.git') }
})

describe.skipIf(skipBecause(await missingPrograms('git')))('files that Git LFS keeps', () => {
  test('are saved in all their versions, fetched once, and come back', async ({ trial, dir, server, expect }) => {
    const { facts, findings } = await trial.backUp(server.config, { env })
    expect(facts['lfs']).toEqual({ objects: 2, bytes: LARGE.length + 16, leftOut: 0 })
    expect(findings).toEqual([])
    const downloads = (): number => server.requests.filter((line) => line.includes('/lfs-objects/')).length
    expect(downloads()).toBe(2)
    await trial.backUp(server.config, { env })
    expect(downloads()).toBe(2)
    const point = await trial.ground.point()
    expect(await trial.kind.verify(trial.parse(server.config), point, trial.context)).toEqual([])
    await trial.restore(server.config, point, 'copy.git')
    expect(await contentOf(dir.join('copy.git'))).toMatchObject({
      lfs: { [server.first.oid]: LARGE, [server.second.oid]: 'an older version' },
    })
  })

  test('that the server lost are named, and the rest is saved', async ({ trial, server, expect }) => {
    server.lfs.delete(server.second.oid)
    const { facts, findings } = await trial.backUp(server.config, { env })
    expect(facts['lfs']).toMatchObject({ objects: 1, leftOut: 1 })
    expect(findings).toEqual([
      {
        severity: 'warning',
        message: expect.stringContaining(`1 of 2 LFS objects`),
        hint: expect.stringContaining('git lfs push --all'),
      },
    ])
    expect(findings[0]!.message).toContain(`${server.second.oid.slice(0, 12)}: object does not exist`)
  })

  test('that the server gives changed or cut off are not taken', async ({ trial, server, expect }) => {
    server.lfs.set(server.first.oid, Buffer.from(LARGE.replace('large', 'wrong')))
    server.lfs.set(server.second.oid, Buffer.from('an older'))
    const { facts, findings } = await trial.backUp(server.config, { env })
    expect(facts['lfs']).toMatchObject({ objects: 0, leftOut: 2 })
    expect(findings[0]!.message).toContain('gave something else')
  })

  test('are named when the server has no Git LFS', async ({ trial, server, expect }) => {
    server.refuse(/info\/lfs/)
    const { findings } = await trial.backUp(server.config, { env })
    expect(findings).toHaveLength(1)
    expect(findings[0]!.message).toContain('2 of 2 LFS objects')
    expect(findings[0]!.message).toContain('404')
  })

  test('are left out on request', async ({ trial, server, expect }) => {
    const { facts, findings } = await trial.backUp({ ...server.config, lfs: false }, { env })
    expect(facts['lfs']).toEqual({ objects: 0, bytes: 0, leftOut: 2 })
    expect(findings).toEqual([])
    expect(server.requests.filter((line) => line.includes('lfs'))).toEqual([])
    expect(await trial.kind.verify(trial.parse(server.config), await trial.ground.point(), trial.context)).toEqual([])
  })

  test('are read where they lie in a local repository, and a damaged one is named', async ({
    trial,
    server,
    expect,
  }) => {
    const config = { path: server.app }
    await putLfs(join(server.app, '.git'), 'an older version')
    const { path } = await putLfs(join(server.app, '.git'), LARGE)
    expect((await trial.backUp(config)).findings).toEqual([])
    await writeFile(path, LARGE.replace('large', 'wrong'))
    const { facts, findings } = await trial.backUp(config)
    expect(facts['lfs']).toMatchObject({ objects: 1, leftOut: 1 })
    expect(findings[0]!.message).toContain('not on this machine, or damaged')
    await rm(path)
    expect((await trial.backUp(config)).findings).toHaveLength(1)
  })

  test('are found on another server when the repository says so, which does not get the token', async ({
    trial,
    server,
    dir,
    expect,
  }) => {
    await using other = await startGitServer({ root: dir.join('root') })
    for (const [oid, content] of server.lfs) other.lfs.set(oid, content)
    server.lfs.clear()
    await commit(server.app, { '.lfsconfig': `[lfs]\n\turl = ${other.url}elsewhere/info/lfs\n` })
    await runGit(server.app, 'push', '--quiet', server.bare, 'main')
    const { findings } = await trial.backUp(server.config, { env })
    expect(findings).toEqual([])
    expect(other.requests).toContain('POST /elsewhere/info/lfs/objects/batch')
    expect(other.logins).toEqual(new Set(['none']))
  })

  test('are asked for over ssh when the repository is', async ({ trial, server, dir, expect }) => {
    const answer = JSON.stringify({
      href: `${server.url}app.git/info/lfs`,
      header: { Authorization: `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}` },
    })
    await mkdir(dir.join('bin'))
    await writeFile(dir.join('answer'), answer)
    await writeFile(
      dir.join('bin/ssh'),
      `#!/bin/sh\nfor last; do :; done\ncase $last in\n"git-lfs-authenticate '${server.bare}' download") cat ${dir.join('answer')} ;;\n*) exec sh -c "$last" ;;\nesac\n`,
      { mode: 0o755 },
    )
    const path = { ...process.env, PATH: `${dir.join('bin')}:${process.env['PATH']}` }
    const config = { url: `ssh://git@host.example:2222${server.bare}` }
    const { facts, findings } = await trial.backUp(config, { env: path })
    expect(findings).toEqual([])
    expect(facts['lfs']).toMatchObject({ objects: 2 })
  })

  test('are uploaded before the refs when the repository is pushed to an empty one', async ({
    trial,
    server,
    dir,
    expect,
  }) => {
    await trial.backUp(server.config, { env })
    const content = await contentOf(server.bare)
    server.lfs.clear()
    await runGit(dir.path, 'init', '--quiet', '--bare', '--initial-branch=main', 'root/new.git')
    const restored = await trial.restore(server.config, await trial.ground.point(), `push:${server.url}new.git`, {
      env,
    })
    expect(restored).toEqual({ place: `${server.url}new.git`, findings: [] })
    expect(await contentOf(dir.join('root/new.git'))).toEqual(content)
    expect(server.lfs.get(server.first.oid)?.toString()).toBe(LARGE)
    expect(server.lfs.size).toBe(2)
    const upload = server.requests.findLastIndex((line) => line.startsWith('PUT'))
    expect(upload).toBeLessThan(server.requests.findIndex((line) => line.endsWith('git-receive-pack')))
    expect(await readFile(dir.join('root/new.git/HEAD'), 'utf8')).toBe('ref: refs/heads/main\n')
  })
})
