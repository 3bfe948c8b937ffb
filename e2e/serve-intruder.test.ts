import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCheapRepository, makeTempDir, Restic, type TempDir } from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { makeFiles, noRestic, restics } from './fixtures.ts'
import { type HikaeServe, startHikaeServe } from './hikae-serve.ts'
import { Hikae, PASSWORD } from './hikae.ts'

const TYPES = ['data', 'index', 'keys', 'snapshots', 'locks'] as const

interface Scene {
  readonly dir: TempDir
  readonly server: HikaeServe
  /** What the intruder has taken over: a client with all its credentials. */
  readonly client: Restic
  /** Alice's repository on the server's disk. */
  readonly repository: string
  readonly bobs: string
}

const test = base.extend('scene', { scope: 'file' }, async ({}, { onCleanup }): Promise<Scene> => {
  const owned = new AsyncDisposableStack()
  onCleanup(() => owned.disposeAsync())
  const dir = owned.use(await makeTempDir())
  const server = owned.use(
    await startHikaeServe(dir.join('served'), {
      users: ['alice', 'bob'],
      args: ['--append-only', '--private-repos', '--prometheus'],
    }),
  )
  const env = { XDG_CACHE_HOME: dir.join('cache') }
  const client = (user: 'alice' | 'bob') =>
    new Restic({ binary: restics[0]!, repository: server.repository(`${user}/laptop/`, user), password: PASSWORD, env })
  const tree = await makeFiles(dir.join('tree'), { 'letter.txt': 'dear reader', random: randomBytes(300_000) })
  for (const user of ['alice', 'bob'] as const) {
    await makeCheapRepository(join(server.folder, user, 'laptop'), PASSWORD)
    await client(user).backup([tree])
    await client(user).backup([tree], ['--tag', 'second'])
  }
  await writeFile(dir.join('outside'), 'nothing that is served')
  return {
    dir,
    server,
    client: client('alice'),
    repository: join(server.folder, 'alice/laptop'),
    bobs: join(server.folder, 'bob/laptop'),
  }
})

/** Path, content and time of change of every file. */
async function photograph(folder: string): Promise<Map<string, string>> {
  const photo = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const hash = createHash('sha256').update(await readFile(path))
    photo.set(path, `${hash.digest('hex')} ${(await stat(path)).mtimeMs}`)
  }
  return photo
}

async function namesOf(folder: string, type: string): Promise<string[]> {
  const entries = await readdir(join(folder, type), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

function idOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex')
}

describe.skipIf(noRestic)('an intruder with the credentials of an append-only client', () => {
  const user = 'alice'

  test('cannot change or remove anything that is stored', { timeout: 180_000 }, async ({ scene, expect }) => {
    const { server, client, repository, bobs } = scene
    const before = new Map([...(await photograph(repository)), ...(await photograph(bobs))])
    const at = '/alice/laptop'

    // Removing.
    for (const type of TYPES.filter((type) => type !== 'locks')) {
      for (const name of await namesOf(repository, type)) {
        expect((await server.ask('DELETE', `${at}/${type}/${name}`, { user })).status).toBe(403)
      }
      expect((await server.ask('DELETE', `${at}/${type}/`, { user })).status).toBe(405)
    }
    expect((await server.ask('DELETE', `${at}/config`, { user })).status).toBe(403)
    for (const path of [`${at}/`, at, '/alice/', '/alice']) {
      expect((await server.ask('DELETE', path, { user })).status).toBe(405)
    }
    expect((await server.ask('DELETE', '/', { user })).status).toBe(403)

    // Replacing, with other content and with content that has the right name.
    for (const type of TYPES.filter((type) => type !== 'locks')) {
      for (const name of await namesOf(repository, type)) {
        const url = `${at}/${type}/${name}`
        expect((await server.ask('POST', url, { user, body: 'replaced' })).status).toBe(403)
        const headers = { 'transfer-encoding': 'chunked' }
        expect((await server.ask('POST', url, { user, body: 'replaced', headers })).status).toBe(403)
      }
    }
    expect((await server.ask('POST', `${at}/config`, { user, body: 'replaced' })).status).toBe(403)
    expect((await server.ask('POST', `${at}/?create=true`, { user })).status).toBe(200)
    expect((await server.ask('POST', `${at}/`, { user, body: 'x' })).status).toBe(400)

    // Uploads that are not what they say.
    const wrong = randomBytes(32).toString('hex')
    for (const type of TYPES) {
      expect((await server.ask('POST', `${at}/${type}/${wrong}`, { user, body: 'something' })).status).toBe(400)
      expect((await server.ask('HEAD', `${at}/${type}/${wrong}`, { user })).status).toBe(404)
    }

    // Methods that other servers know.
    for (const method of ['PUT', 'PATCH', 'TRACE', 'OPTIONS', 'MOVE', 'COPY', 'MKCOL', 'PROPFIND', 'LINK', 'PURGE']) {
      for (const path of [`${at}/config`, `${at}/data/`, `${at}/`, `${at}/keys/${wrong}`]) {
        const headers = { destination: `${server.origin}/alice/elsewhere/config`, overwrite: 'T' }
        expect((await server.ask(method, path, { user, headers })).status).toBe(405)
      }
    }
    const overridden = { 'x-http-method-override': 'DELETE' }
    expect((await server.ask('POST', `${at}/config`, { user, headers: overridden })).status).toBe(403)
    expect((await server.ask('GET', `${at}/config?_method=DELETE`, { user, headers: overridden })).status).toBe(200)

    const after = new Map([...(await photograph(repository)), ...(await photograph(bobs))])
    expect(after).toEqual(before)
    await client.check()
  })

  test('cannot leave the repositories of that client', async ({ scene, expect }) => {
    const { server, dir, bobs } = scene
    const before = await photograph(dir.path)
    const [bobsKey] = await namesOf(bobs, 'keys')
    const content = 'to be smuggled in'
    const id = idOf(content)

    for (const method of ['GET', 'HEAD', 'DELETE']) {
      for (const path of ['/bob/laptop/config', `/bob/laptop/keys/${bobsKey}`, '/config', `/keys/${bobsKey}`]) {
        expect((await server.ask(method, path, { user })).status).toBe(403)
      }
    }
    for (const path of ['/bob/laptop/?create=true', '/bob/?create=true', '/?create=true', '/Alice/?create=true']) {
      expect((await server.ask('POST', path, { user })).status).toBe(403)
    }
    for (const path of [`/bob/laptop/data/${id}`, `/data/${id}`, '/bob/other/config']) {
      expect((await server.ask('POST', path, { user, body: content })).status).toBe(403)
    }
    expect((await server.ask('GET', '/bob/laptop/data/', { user })).status).toBe(403)

    const tricks = [
      '/alice/../bob/laptop/config',
      '/alice/%2e%2e/bob/laptop/config',
      '/alice/..%2fbob%2flaptop/config',
      '/alice/laptop/../../bob/laptop/config',
      `/alice/laptop/data/../../../bob/laptop/keys/${bobsKey}`,
      '/alice/laptop/data/..%2f..%2f..%2f..%2foutside',
      '/alice/%252e%252e/bob/laptop/config',
      '/alice//../bob/laptop/config',
      '//bob/laptop/config',
      '/alice\\..\\bob\\laptop/config',
      '/alice%00/../bob/laptop/config',
      '/alice/%c0%ae%c0%ae/bob/laptop/config',
      '/.htpasswd',
      '/alice/.htpasswd',
      '/alice/laptop/.htpasswd',
      '/../outside',
      '/alice/laptop/config/../../../bob/laptop/config',
    ]
    for (const path of tricks) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
        const { status, body } = await server.ask(method, path, { user, body: method === 'POST' ? content : '' })
        expect([400, 403, 404, 405], `${method} ${path}`).toContain(status)
        expect(body.toString()).not.toMatch(/\$2b\$|nothing that is served/)
      }
    }
    const login = `Authorization: Basic ${Buffer.from('alice:alice secret').toString('base64')}\r\nConnection: close\r\n\r\n`
    for (const target of [
      `${server.origin}/bob/laptop/config`,
      '/alice/laptop/\0/config',
      '/bob/laptop/config#/alice',
    ]) {
      expect(await server.talk(`GET ${target} HTTP/1.1\r\nHost: x\r\n${login}`)).toMatch(/^HTTP\/1\.1 (400|403|404) /)
    }
    const smuggled =
      `POST /alice/laptop/locks/${id} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n` +
      `${login}0\r\n\r\nDELETE /bob/laptop/config HTTP/1.1\r\nHost: x\r\n\r\n`
    expect(await server.talk(smuggled)).toMatch(/^HTTP\/1\.1 400 /)

    expect(await photograph(dir.path)).toEqual(before)
  })

  test('leaves nothing behind of bodies that are too large, cut off or endless', async ({ scene, expect }) => {
    const { server, repository } = scene
    const before = await photograph(repository)
    const id = idOf('cut')
    const url = `/alice/laptop/data/${id}`
    const headers = { 'content-length': 10 ** 15 }
    const huge = server.begin('POST', url, { user, headers })
    const status = new Promise<number | undefined>((resolve) => huge.once('response', (r) => resolve(r.statusCode)))
    huge.on('error', () => undefined)
    huge.write('a little')
    expect(await status).toBe(413)
    huge.destroy()

    for (const [type, limit] of [
      ['keys', 1024 * 1024],
      ['locks', 1024 * 1024],
    ] as const) {
      const body = randomBytes(limit + 1)
      const path = `/alice/laptop/${type}/${idOf(body)}`
      expect((await server.ask('POST', path, { user, body })).status).toBe(413)
      const chunked = { 'transfer-encoding': 'chunked' }
      expect((await server.ask('POST', path, { user, body, headers: chunked })).status).toBe(413)
    }

    const cut = server.begin('POST', url, { user, headers: { 'content-length': 1_000_000 } })
    cut.on('error', () => undefined)
    cut.write(randomBytes(500_000))
    await expect.poll(async () => (await photograph(repository)).size, { timeout: 20_000 }).toBe(before.size + 1)
    cut.destroy()
    await expect.poll(() => photograph(repository), { timeout: 20_000 }).toEqual(before)
  })

  test('gets no more of a file than is in it', async ({ scene, expect }) => {
    const { server, repository } = scene
    const config = await readFile(join(repository, 'config'))
    const get = (range: string) => server.ask('GET', '/alice/laptop/config', { user, headers: { range } })
    expect(await get('bytes=2-4')).toMatchObject({ status: 206, body: config.subarray(2, 5) })
    expect((await get('bytes=0-')).headers['content-range']).toBe(`bytes 0-${config.length - 1}/${config.length}`)
    expect(await get('bytes=-3')).toMatchObject({ status: 206, body: config.subarray(-3) })
    expect(await get('bytes=5-99999999999')).toMatchObject({ status: 206, body: config.subarray(5) })
    expect(await get('bytes=99999-')).toMatchObject({ status: 416 })
    for (const nonsense of ['bytes=-5--1', 'bytes=5-2', 'bytes=0-0,-1', 'bytes=x', 'pages=1-2']) {
      expect(await get(nonsense)).toMatchObject({ status: 200, body: config })
    }
  })

  test('sees only its own numbers', async ({ scene, expect }) => {
    const { body } = await scene.server.ask('GET', '/metrics', { user })
    expect(body.toString()).toMatch(/rest_server_blob_write_total\{repo="alice\/laptop",type="data",user="alice"\} \d/)
    expect(body.toString()).not.toContain('bob')
  })

  test('cannot follow a link that lies in the folder', async ({ scene, expect }) => {
    const { server, bobs, dir, repository } = scene
    const links = [join(server.folder, 'alice/link'), join(repository, 'keys', 'ab'.repeat(32))] as const
    await symlink(bobs, links[0])
    await symlink(dir.join('outside'), links[1])
    const before = await photograph(bobs)
    const id = idOf('x')
    expect((await server.ask('GET', '/alice/link/config', { user })).status).toBe(403)
    expect((await server.ask('GET', '/alice/link/data/', { user })).status).toBe(403)
    expect((await server.ask('POST', `/alice/link/data/${id}`, { user, body: 'x' })).status).toBe(403)
    expect((await server.ask('POST', '/alice/link/?create=true', { user })).status).toBe(403)
    expect((await server.ask('GET', `/alice/laptop/keys/${'ab'.repeat(32)}`, { user })).status).toBe(404)
    expect(await photograph(bobs)).toEqual(before)
    for (const link of links) await unlink(link)
  })

  test('cannot forget or prune, and the server can', async ({ scene, expect }) => {
    const { client, server, repository } = scene
    const before = await client.snapshots()
    expect(before).toHaveLength(2)
    const forgetting = await client.run(['forget', '--keep-last', '1', '--prune'])
    expect(forgetting.stderr + forgetting.stdout).toContain('403')
    expect(await client.snapshots()).toEqual(before)
    const remote = new Hikae({
      env: {
        HIKAE_REPOSITORY: server.repository('alice/laptop/'),
        RESTIC_REST_USERNAME: 'alice',
        RESTIC_REST_PASSWORD: 'alice secret',
        XDG_CACHE_HOME: scene.dir.join('cache'),
      },
    })
    const refused = await remote.run(['forget', '--keep-last', '1', '--prune'])
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stderr).toContain('append-only')
    expect(await client.snapshots()).toEqual(before)

    const onServer = new Hikae({ repository })
    await onServer.ok(['forget', '--keep-last', '1', '--prune'])
    expect(await client.snapshots()).toHaveLength(1)
    await client.check()
  })
})
