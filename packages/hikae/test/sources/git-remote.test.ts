import { chmod, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  findFreePorts,
  makeSmallDisk,
  missingPrograms,
  randomBytesOf,
  runProcess,
  skipBecause,
  startGitServer,
  type TempDir,
  whyNoSmallDisk,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { commit, contentOf, fillRepository, makeRepository, runGit } from './git-ground.ts'
import { test as base } from './git-test.ts'

const LOGIN = { username: 'x-access-token', password: 'tok-6f1c0b27' }
const ENCODED = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')

const test = base.extend('server', async ({ dir }, { onCleanup }) => {
  await makeRepository(dir.join('app'))
  await fillRepository(dir.join('app'))
  await runGit(dir.path, 'clone', '--quiet', '--mirror', 'app', 'root/app.git')
  const server = await startGitServer({ root: dir.join('root'), login: LOGIN })
  onCleanup(() => server[Symbol.asyncDispose]())
  return { ...server, address: `${server.url}app.git`, bare: dir.join('root/app.git') }
})

const env = { ...process.env, GIT_TOKEN: LOGIN.password }
const token = { env: 'GIT_TOKEN' }

/** The content of every file below a folder, as one text. */
async function allBytes(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const contents = await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')))
  return contents.join('\n')
}

/** A pack of a repository is cut off. */
async function damagePack(repository: string): Promise<void> {
  const folder = join(repository, 'objects/pack')
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.pack')) continue
    await chmod(join(folder, name), 0o600)
    await truncate(join(folder, name), 64)
  }
}

async function mirrorIn(dir: TempDir): Promise<string> {
  return Promise.resolve(dir.join('state/mirror.git'))
}

describe.skipIf(skipBecause(await missingPrograms('git', 'ps')))('a git repository on a server', () => {
  test('comes back with every ref, and its token is on no disk and no command line', async ({
    trial,
    dir,
    server,
    expect,
  }) => {
    const config = { url: server.address, token }
    const { facts, findings } = await trial.backUp(config, { env })
    expect(findings).toEqual([])
    expect(facts).toMatchObject({ shape: 'bare', head: 'ref: refs/heads/main', from: server.address })
    const point = await trial.ground.point()
    await trial.restore(config, point, 'copy.git')
    expect(await contentOf(dir.join('copy.git'))).toEqual(await contentOf(server.bare))

    const written = await allBytes(dir.path)
    for (const secret of [LOGIN.password, ENCODED]) expect(written).not.toContain(secret)

    const held = server.withhold(/git-upload-pack$/)
    const stop = new AbortController()
    const running = trial.open(config, { env, signal: stop.signal })
    running.catch(() => undefined)
    await held
    const { stdout: processes } = await runProcess('ps', ['-eo', 'args', '-ww'])
    expect(processes).toContain(server.address)
    expect(processes).not.toContain(LOGIN.password)
    expect(processes).not.toContain(ENCODED)
    stop.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
  })

  test('is not saved with a wrong token, which nothing repeats', async ({ trial, server, expect }) => {
    const config = { url: server.address, token }
    const wrong = { ...process.env, GIT_TOKEN: 'wrong-9d3f' }
    const failure = await trial.backUp(config, { env: wrong }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'GIT', hint: expect.stringContaining('renew the token') })
    expect(String(failure)).toContain('the server refuses these credentials')
    expect(JSON.stringify([String(failure), trial.log])).not.toContain('wrong-9d3f')
    expect(await trial.ground.snapshotCount()).toBe(0)
    const [finding] = await trial.kind.examine({ url: server.address }, trial.context)
    expect(finding).toMatchObject({ severity: 'error', message: expect.stringContaining('refuses') })
  })

  test('says which variable of the token is not set', async ({ trial, server, expect }) => {
    await expect(trial.backUp({ url: server.address, token: { env: 'ABSENT' } })).rejects.toThrow('ABSENT')
  })

  test('does not give its token to another server', async ({ trial, dir, server, expect }) => {
    await runGit(dir.path, 'init', '--quiet', '--bare', 'root/new.git')
    await trial.backUp({ url: server.address, token }, { env })
    const other = server.url.replace('127.0.0.1', 'localhost')
    const config = { kind: 'env', name: 'GIT_TOKEN' } as const
    const context = { ...trial.context, env }
    const point = await trial.ground.point()
    const plan = trial.kind.planRestore(
      { url: server.address, token: config },
      point,
      { to: `push:${other}new.git` },
      context,
    )
    await expect(plan).rejects.toThrow('the server refuses these credentials')
  })

  test('that cannot be reached, or is not there, says so', async ({ trial, server, expect }) => {
    const [port] = await findFreePorts(1)
    await expect(trial.backUp({ url: `http://127.0.0.1:${port}/app.git` })).rejects.toMatchObject({
      message: expect.stringContaining('the server cannot be reached'),
      transient: true,
    })
    await expect(trial.backUp({ url: `${server.url}absent.git`, token }, { env })).rejects.toThrow(
      'there is no such repository',
    )
    expect(await trial.ground.snapshotCount()).toBe(0)
  })

  test('that sends nothing any more is given up', async ({ trial, server, expect }) => {
    void server.withhold(/git-upload-pack$/)
    await expect(trial.backUp({ url: server.address, token }, { env })).rejects.toMatchObject({
      message: expect.stringContaining('the server stopped answering'),
      transient: true,
    })
  })

  test('whose answer breaks off makes no snapshot, and the next run goes on', async ({
    trial,
    dir,
    server,
    expect,
  }) => {
    const config = { url: server.address, token }
    await trial.backUp(config, { env })
    await writeFile(dir.join('app/noise'), randomBytesOf('noise', 200_000))
    await commit(dir.join('app'), {})
    await runGit(dir.join('app'), 'push', '--quiet', '--force', server.bare, 'main')
    server.breakOff(/git-upload-pack$/, 100_000)
    await expect(trial.backUp(config, { env })).rejects.toMatchObject({
      message: expect.stringContaining('cannot fetch'),
    })
    expect(await trial.ground.snapshotCount()).toBe(1)
    expect(trial.log).not.toContain('made anew')
    server.heal()
    await trial.backUp(config, { env })
    expect(await trial.ground.snapshotCount()).toBe(2)
  })

  test('whose read is stopped in the middle leaves a mirror that the next run goes on with', async ({
    trial,
    dir,
    server,
    expect,
  }) => {
    const config = { url: server.address, token }
    await trial.backUp(config, { env })
    await writeFile(dir.join('app/noise'), randomBytesOf('noise', 500_000))
    await commit(dir.join('app'), {})
    await runGit(dir.join('app'), 'push', '--quiet', '--force', server.bare, 'main')
    const held = server.withhold(/git-upload-pack$/, { afterBytes: 300_000 })
    const stop = new AbortController()
    const running = trial.open(config, { env, signal: stop.signal })
    running.catch(() => undefined)
    await held
    stop.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    const { stdout: processes } = await runProcess('ps', ['-eo', 'args', '-ww'])
    expect(processes).not.toContain(server.address)
    server.heal()
    await trial.backUp(config, { env })
    expect(trial.log).not.toContain('made anew')
    expect(await trial.kind.verify(trial.parse(config), await trial.ground.point(), trial.context)).toEqual([])
  })

  test('is not saved without git, and the message says what to install', async ({ trial, server, expect }) => {
    const none = { PATH: '/nowhere' }
    await expect(trial.backUp({ url: server.address }, { env: none })).rejects.toMatchObject({
      message: expect.stringContaining('git is not installed'),
      hint: expect.stringContaining('install git'),
    })
    const [finding] = await trial.kind.examine({ url: server.address }, { ...trial.context, env: none })
    expect(finding).toMatchObject({ severity: 'error', message: expect.stringContaining('git is not installed') })
  })

  test('is saved whole when the mirror was damaged, and the log says that it was made anew', async ({
    trial,
    dir,
    server,
    expect,
  }) => {
    const config = { url: server.address, token }
    await trial.backUp(config, { env })
    await commit(dir.join('app'), { 'more.txt': 'more\n' })
    await runGit(dir.join('app'), 'push', '--quiet', '--force', server.bare, 'main')
    await damagePack(await mirrorIn(dir))
    await trial.backUp(config, { env })
    expect(trial.log).toContain('is made anew')
    await trial.restore(config, await trial.ground.point(), 'copy.git')
    expect(await contentOf(dir.join('copy.git'))).toEqual(await contentOf(server.bare))
  })

  test('is saved whole after the state folder lost a bundle, or has a changed one', async ({
    trial,
    dir,
    server,
    expect,
  }) => {
    const config = { url: server.address, token }
    await trial.backUp(config, { env })
    const [bundle] = (await readdir(dir.join('state/bundles'))).filter((name) => name.endsWith('.bundle'))
    const path = dir.join('state/bundles', bundle!)
    const bytes = await readFile(path)
    bytes[bytes.length - 40]! ^= 1
    await writeFile(path, bytes)
    await trial.backUp(config, { env })
    expect(trial.log).toContain(`${bundle} of the state folder is damaged`)
    expect(await trial.kind.verify(trial.parse(config), await trial.ground.point(), trial.context)).toEqual([])
  })

  test('goes on where a killed run left locks and half a pack', async ({ trial, dir, server, expect }) => {
    const config = { url: server.address, token }
    await trial.backUp(config, { env })
    const mirror = await mirrorIn(dir)
    const left = ['packed-refs.lock', 'HEAD.lock', 'refs/heads/main.lock', 'objects/pack/tmp_pack_x1', 'config.lock']
    for (const name of left) await writeFile(join(mirror, name), 'half')
    await writeFile(dir.join('state/bundles/new.tmp'), 'half')
    await commit(dir.join('app'), { 'more.txt': 'more\n' })
    await runGit(dir.join('app'), 'push', '--quiet', '--force', server.bare, 'main')
    await trial.backUp(config, { env })
    const names = [...(await readdir(mirror, { recursive: true })), ...(await readdir(dir.join('state/bundles')))]
    expect(names.filter((name) => /\.lock$|tmp/.test(name))).toEqual([])
    expect(trial.log).not.toContain('made anew')
  })

  test('is found by the program `ssh`, with the key of the source alone', async ({ trial, dir, server, expect }) => {
    await writeFile(
      dir.join('ssh'),
      `#!/bin/sh\nprintf '%s\\n' "$*" >>${dir.join('calls')}\nfor last; do :; done\nexec sh -c "$last"\n`,
      { mode: 0o755 },
    )
    await writeFile(dir.join("o'key"), 'a key', { mode: 0o600 })
    const path = { ...process.env, PATH: `${dir.path}:${process.env['PATH']}` }
    const config = { url: `tester@host.example:${server.bare}`, sshKey: { file: "o'key" } }
    const { facts } = await trial.backUp(config, { env: path })
    expect(facts).toMatchObject({ refs: 7, from: config.url })
    const calls = await readFile(dir.join('calls'), 'utf8')
    expect(calls).toContain(`BatchMode=yes`)
    expect(calls).toContain(`IdentitiesOnly=yes -i ${dir.join("o'key")}`)
    await expect(trial.backUp({ ...config, sshKey: { file: 'absent' } })).rejects.toThrow('cannot read the ssh key')
  })
})

const whyNoDisk = (await missingPrograms('git')) ?? (await whyNoSmallDisk())

describe.skipIf(skipBecause(whyNoDisk))('a git repository whose mirror does not fit on the disk', () => {
  base('makes no snapshot, and is saved when there is room again', async ({ trial, dir, expect }) => {
    await makeRepository(dir.join('app'))
    for (const seed of [1, 2, 3]) {
      await writeFile(dir.join('app', `noise-${seed}`), randomBytesOf(seed, 3 * 1024 * 1024))
      await commit(dir.join('app'), {})
    }
    await using disk = await makeSmallDisk()
    await disk.fill(4 * 1024 * 1024)
    const stateFolder = (): Promise<string> => Promise.resolve(disk.path)
    const config = { path: 'app' }
    await expect(trial.backUp(config, { stateFolder })).rejects.toMatchObject({
      message: expect.stringContaining('the disk is full'),
      hint: expect.stringContaining('make room'),
    })
    expect(await trial.ground.snapshotCount()).toBe(0)
    await truncate(join(disk.path, 'ballast'), 0)
    await trial.backUp(config, { stateFolder })
    expect(await trial.kind.verify({ path: 'app' }, await trial.ground.point(), trial.context)).toEqual([])
  })
})
