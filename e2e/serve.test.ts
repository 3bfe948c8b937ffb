import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { once } from 'node:events'
import {
  compareTrees,
  makeCheapRepository,
  findFreePorts,
  makeCertificates,
  missingPrograms,
  Restic,
  skipBecause,
  startProcess,
} from '@hikae/testkit'
import { describe } from 'vitest'
import { makeFiles, noRestic, restics, test as base } from './fixtures.ts'
import { answerOf, startHikaeServe, writeHtpasswd } from './hikae-serve.ts'
import { Hikae, PASSWORD, PROGRAM } from './hikae.ts'

const noOpenssl = skipBecause(await missingPrograms('openssl'))

const test = base.extend('tree', async ({ dir }) =>
  makeFiles(dir.join('tree'), {
    'a/letter.txt': 'dear reader\n'.repeat(1000),
    'a/empty': '',
    random: randomBytes(3_000_000),
  }),
)

function idOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

/** A repository on a server; nothing of it is kept in caches of this machine. */
function resticAt(repository: string, cache: string, binary = restics[0]!): Restic {
  return new Restic({ binary, repository, password: PASSWORD, env: { XDG_CACHE_HOME: cache } })
}

/** As alice, if anybody is asked. */
function hikaeAt(repository: string, cache: string): Hikae {
  return new Hikae({
    env: {
      HIKAE_REPOSITORY: repository,
      RESTIC_REST_USERNAME: 'alice',
      RESTIC_REST_PASSWORD: 'alice secret',
      XDG_CACHE_HOME: cache,
    },
  })
}

describe.skipIf(noRestic)('restic on hikae serve', () => {
  test.for(restics)('$version stores, checks, restores, forgets and prunes', async (binary, { dir, tree, expect }) => {
    await using server = await startHikaeServe(dir.join('served'), { users: ['alice'] })
    await resticAt(server.repository('new/', 'alice'), dir.join('cache'), binary).init()
    await makeCheapRepository(dir.join('served/box'), PASSWORD)
    const restic = resticAt(server.repository('box/', 'alice'), dir.join('cache'), binary)
    const snapshot = await restic.backup([tree])
    await restic.check()
    await restic.restore(snapshot, dir.join('restored'))
    expect(await compareTrees(tree, dir.join('restored', tree))).toEqual([])
    await writeFile(dir.join('tree/random'), randomBytes(3_000_000))
    await restic.backup([tree])
    await restic.ok(['forget', '--keep-last', '1', '--prune'])
    await restic.check()
    await restic.ok(['key', 'list'])
    expect(await restic.snapshots()).toHaveLength(1)
    expect(await filesIn(dir.join('served/box/locks'))).toEqual([])
    // The folder is a repository like any other.
    await new Hikae({ repository: dir.join('served/box') }).check()
  })

  test('several users have repositories of their own, and two write at the same time', async ({
    dir,
    tree,
    expect,
  }) => {
    await using server = await startHikaeServe(dir.join('served'), {
      users: ['alice', 'bob'],
      args: ['--private-repos', '--append-only'],
    })
    const alice = resticAt(server.repository('alice/', 'alice'), dir.join('cache'))
    const bob = resticAt(server.repository('bob/box/', 'bob'), dir.join('cache'))
    for (const path of ['alice', 'bob/box']) await makeCheapRepository(join(server.folder, path), PASSWORD)
    await makeFiles(dir.join('other'), { random: randomBytes(2_000_000) })
    await Promise.all([alice.backup([tree]), alice.backup([dir.join('other')]), bob.backup([tree])])
    await Promise.all([alice.check(), bob.check()])
    expect([(await alice.snapshots()).length, (await bob.snapshots()).length]).toEqual([2, 1])
    const stranger = resticAt(server.repository('bob/box/', 'alice'), dir.join('cache'))
    expect((await stranger.run(['snapshots', '--retry-lock', '0'])).stderr).toContain('403')
  })

  test.skipIf(noOpenssl)('speaks TLS with a certificate of the user’s own', async ({ dir, tree, expect }) => {
    await using certificates = await makeCertificates()
    const { certificatePath, keyPath } = certificates.server
    const folder = dir.join('served')
    await makeCheapRepository(folder, PASSWORD)
    await using server = await startHikaeServe(folder, {
      args: ['--tls', '--tls-cert', certificatePath, '--tls-key', keyPath, '--tls-min-ver', '1.3'],
    })
    const restic = resticAt(`rest:https://127.0.0.1:${server.port}/`, dir.join('cache'))
    const trust = ['--cacert', certificates.authority.certificatePath]
    await restic.backup([tree], trust)
    await restic.check(trust)
    const old = connect({
      host: '127.0.0.1',
      port: server.port,
      ca: certificates.authority.certificate,
      maxVersion: 'TLSv1.2',
    })
    const [error] = (await once(old, 'error')) as [Error]
    expect(error.message).toMatch(/protocol|version/i)
  })
})

test('hikae stores and restores by itself', async ({ dir, tree, expect }) => {
  await using server = await startHikaeServe(dir.join('served'), { users: ['alice'], args: ['--append-only'] })
  const hikae = hikaeAt(server.repository('laptop/'), dir.join('cache'))
  await hikae.init()
  await hikae.backup([tree])
  await hikae.check()
  await hikae.restore('latest', dir.join('restored'))
  expect(await compareTrees(tree, dir.join('restored', tree))).toEqual([])
})

describe('the quota', () => {
  test('refuses what does not fit before it is stored, and counts what is there', async ({ dir, expect }) => {
    const old = randomBytes(60_000)
    await makeFiles(dir.join('served'), { [`data/${idOf(old).slice(0, 2)}/${idOf(old)}`]: old })
    await using server = await startHikaeServe(dir.join('served'), { args: ['--max-size', '100k', '--prometheus'] })
    await server.ask('POST', '/?create=true')
    const store = async (content: Uint8Array, headers = {}) =>
      (await server.ask('POST', `/data/${idOf(content)}`, { body: content, headers })).status
    const chunked = { 'transfer-encoding': 'chunked' }
    const large = randomBytes(50_000)
    expect([await store(large), await store(large, chunked)]).toEqual([507, 507])
    const fits = randomBytes(42_000)
    expect([await store(fits, chunked), await store(randomBytes(1000))]).toEqual([200, 507])
    expect((await filesIn(dir.join('served/data'))).sort()).toEqual([idOf(old), idOf(fits)].sort())
    expect((await server.ask('DELETE', `/data/${idOf(old)}`)).status).toBe(200)
    expect(await store(large)).toBe(200)
    // An upload that fails, and one that was there already, use nothing up.
    expect((await server.ask('POST', `/data/${'ab'.repeat(32)}`, { body: randomBytes(5000) })).status).toBe(400)
    expect(await store(large)).toBe(403)
    const { body } = await server.ask('GET', '/metrics')
    expect(body.toString()).toContain(`hikae_serve_quota_used_bytes ${fits.length + large.length}\n`)
  })

  test.skipIf(noRestic)('ends a backup that does not fit, and loses nothing', async ({ dir, tree, expect }) => {
    await using server = await startHikaeServe(dir.join('served'), { args: ['--max-size', '1M'] })
    await makeCheapRepository(server.folder, PASSWORD)
    const restic = resticAt(server.repository(''), dir.join('cache'))
    await restic.backup([await makeFiles(dir.join('small'), { file: 'small' })])
    const hikae = hikaeAt(server.repository(''), dir.join('cache'))
    const { exitCode, stderr } = await hikae.run(['backup', tree])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('the quota of 1048576 bytes is used up')
    await restic.check()
    expect(await restic.snapshots()).toHaveLength(1)
  })
})

describe('a server that ends', () => {
  const content = randomBytes(2_000_000)
  const path = `/data/${idOf(content)}`
  const headers = { 'content-length': content.length }

  test('by kill leaves nothing visible of an upload, and its rest is removed later', async ({ dir, expect }) => {
    const folder = dir.join('served')
    const place = dir.join('served/data', idOf(content).slice(0, 2))
    {
      await using server = await startHikaeServe(folder)
      await server.ask('POST', '/?create=true')
      const upload = server.begin('POST', path, { headers })
      upload.on('error', () => undefined)
      upload.write(content.subarray(0, 1_000_000))
      await expect.poll(async () => (await filesIn(place)).length, { timeout: 20_000 }).toBe(1)
      await server.stop('SIGKILL')
    }
    const [rest] = await filesIn(place)
    expect(rest).toMatch(/^[0-9a-f]{64}-tmp-/)
    {
      await using server = await startHikaeServe(folder)
      expect((await server.ask('GET', '/data/')).body.toString()).toBe('[]')
      expect((await server.ask('HEAD', path)).status).toBe(404)
      // Somebody could still be writing it.
      expect(await filesIn(place)).toEqual([rest])
      expect((await server.ask('POST', path, { body: content })).status).toBe(200)
    }
    const longAgo = Date.now() / 1000 - 7200
    await utimes(`${place}/${rest}`, longAgo, longAgo)
    await using server = await startHikaeServe(folder)
    expect(await filesIn(place)).toEqual([idOf(content)])
    expect((await server.ask('GET', path)).body.equals(content)).toBe(true)
  })

  test.for([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)(
    'by %s finishes the requests under way, with exit code %i',
    async ([signal, exitCode], { dir, expect }) => {
      await using server = await startHikaeServe(dir.join('served'))
      await server.ask('POST', '/?create=true')
      const upload = server.begin('POST', path, { headers })
      const answered = answerOf(upload)
      upload.write(content.subarray(0, 1_000_000))
      await expect.poll(async () => (await filesIn(dir.join('served/data'))).length, { timeout: 20_000 }).toBe(1)
      const ended = server.stop(signal)
      // Nobody new is let in.
      await expect
        .poll(
          () =>
            server.ask('GET', '/data/').then(
              () => 'answered',
              () => 'refused',
            ),
          { timeout: 20_000 },
        )
        .toBe('refused')
      upload.end(content.subarray(1_000_000))
      expect((await answered).status).toBe(200)
      expect((await ended).exitCode).toBe(exitCode)
      expect(await filesIn(dir.join('served/data'))).toEqual([idOf(content)])
    },
  )
})

describe('lists', () => {
  test('have names and sizes for those who understand version 2, and names for others', async ({ dir, expect }) => {
    await using server = await startHikaeServe(dir.join('served'))
    expect((await server.ask('GET', '/data/')).status).toBe(404)
    await server.ask('POST', '/?create=true')
    const name = idOf(Buffer.from('lock'))
    await server.ask('POST', `/locks/${name}`, { body: 'lock' })
    const accept = 'application/vnd.x.restic.rest.v2'
    const second = await server.ask('GET', '/locks/', { headers: { accept } })
    expect(second.headers['content-type']).toBe(accept)
    expect(JSON.parse(second.body.toString())).toEqual([{ name, size: 4 }])
    const first = await server.ask('GET', '/locks/', { headers: { accept: '*/*' } })
    expect(first.headers['content-type']).toBe('application/vnd.x.restic.rest.v1')
    expect(JSON.parse(first.body.toString())).toEqual([name])
    expect((await server.ask('GET', '/keys/')).body.toString()).toBe('[]')
    const head = await server.ask('HEAD', `/locks/${name}`)
    expect([head.status, head.headers['content-length']]).toEqual([200, '4'])
    // Whoever missed the answer asks again.
    expect((await server.ask('DELETE', `/locks/${name}`)).status).toBe(200)
    expect((await server.ask('DELETE', `/locks/${name}`)).status).toBe(200)
  })
})

describe('who may come in', () => {
  test('is asked for a password at every address', async ({ dir, expect }) => {
    await using server = await startHikaeServe(dir.join('served'), { users: ['alice'], args: ['--prometheus'] })
    for (const path of ['/', '/config', '/data/', '/metrics', '/nowhere/at/all/', '/%', '/.htpasswd']) {
      const nobody = await server.ask('GET', path)
      expect([nobody.status, nobody.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Basic')])
      expect((await server.ask('GET', path, { user: 'alice', password: 'guess' })).status).toBe(401)
      expect((await server.ask('GET', path, { user: 'bob' })).status).toBe(401)
    }
    expect((await server.ask('POST', '/?create=true', { body: 'x' })).status).toBe(401)
    expect((await server.ask('GET', '/config', { user: 'alice' })).status).toBe(404)
    expect((await server.ask('GET', '/metrics', { user: 'alice' })).status).toBe(200)
    const { stderr } = await server.stop('SIGTERM')
    expect(stderr).toContain('warning: wrong user or password from 127.0.0.1')
    expect(stderr).not.toMatch(/guess|secret|\$2/)
  })

  test('to the metrics may be everybody, and with private repositories the user metrics sees all', async ({
    dir,
    expect,
  }) => {
    await using server = await startHikaeServe(dir.join('served'), {
      users: ['alice', 'metrics'],
      args: ['--private-repos', '--prometheus', '--prometheus-no-auth'],
    })
    await server.ask('POST', '/alice/?create=true', { user: 'alice' })
    await server.ask('POST', '/alice/config', { user: 'alice', body: 'config' })
    const line = 'rest_server_blob_write_bytes_total{repo="alice",type="config",user="alice"} 6\n'
    expect((await server.ask('GET', '/metrics')).body.toString()).toContain(line)
    expect((await server.ask('GET', '/metrics', { user: 'metrics' })).body.toString()).toContain(line)
    expect((await server.ask('GET', '/alice/config')).status).toBe(401)
  })

  test('is written to the log, without passwords', async ({ dir, expect }) => {
    const log = dir.join('access.log')
    await using server = await startHikaeServe(dir.join('served'), { users: ['alice'], args: ['--log', log] })
    await server
      .ask('GET', '/config', { user: 'alice', headers: { 'user-agent': 'a "quoted"\x7f agent' } })
      .catch(() => undefined)
    await server.ask('GET', '/config', { user: 'alice', headers: { 'user-agent': 'a "quoted" agent' } })
    await server.stop('SIGTERM')
    const text = await readFile(log, 'utf8')
    expect(text).toMatch(
      /^127\.0\.0\.1 - alice \[.* \+0000\] "GET \/config HTTP\/1\.1" 404 \d+ "-" "a \\x22quoted\\x22 agent"$/m,
    )
    expect(text).not.toContain('secret')
    expect((await stat(log)).mode & 0o777).toBe(0o600)
  })
})

describe('what cannot be served', () => {
  test('is told, with what to do', async ({ dir, expect }) => {
    const hikae = new Hikae({ cwd: dir.path })
    const serve = async (...args: string[]) => {
      const { exitCode, stderr } = await hikae.run(['serve', ...args], { timeoutMs: 30_000 })
      return { exitCode, stderr }
    }
    const folder = dir.join('served')
    expect(await serve()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--path') as string })
    expect(await serve('--path', folder, '--no-auth')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`mkdir -m 700 -p ${folder}`) as string,
    })
    await makeFiles(folder, { 'not-a-repository': '' })
    expect(await serve('--path', folder)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`htpasswd -B -c ${folder}/.htpasswd USER`) as string,
    })
    await writeFile(`${folder}/.htpasswd`, 'alice:$apr1$x$y\n')
    expect((await serve('--path', folder)).stderr).toContain('no usable user')
    await rm(`${folder}/.htpasswd`)
    expect((await serve('--path', folder, '--no-auth', '--tls')).stderr).toContain('cannot read the certificate')
    expect(await serve('--path', folder, '--no-auth', '--tls-cert', 'x')).toMatchObject({ exitCode: 2 })
    expect(await serve('--path', folder, '--no-auth', '--private-repos')).toMatchObject({ exitCode: 2 })
    expect(await serve('--path', folder, '--no-auth', '--listen', 'nonsense')).toMatchObject({ exitCode: 2 })

    await using other = await startHikaeServe(folder)
    expect(await serve('--path', folder, '--no-auth', '--listen', `127.0.0.1:${other.port}`)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('another program listens there') as string,
    })
  })
})

test('a socket file serves, also when a killed server left one', async ({ dir, expect }) => {
  const socketPath = dir.join('hikae.sock')
  await makeFiles(dir.join('served'), {})
  for (let round = 0; round < 2; round++) {
    await using server = await startProcess(PROGRAM, [
      'serve',
      '--path',
      dir.join('served'),
      '--no-auth',
      '--listen',
      `unix:${socketPath}`,
    ])
    await server.printed('listening at')
    const asking = request({ socketPath, path: '/?create=true', method: 'POST', agent: false })
    const answered = answerOf(asking)
    asking.end()
    expect((await answered).status).toBe(200)
    expect((await stat(socketPath)).mode & 0o777).toBe(0o660)
    server.kill('SIGKILL')
    await server.finished
  }
})

test('who starts it for a network without TLS is warned', async ({ dir, expect }) => {
  await writeHtpasswd(dir.join('served/.htpasswd'), ['alice'])
  const [port] = await findFreePorts(1)
  await using server = await startProcess(PROGRAM, ['serve', '--path', dir.join('served'), '--listen', `:${port}`])
  await server.printed('listening at')
  server.kill('SIGTERM')
  expect((await server.finished).stderr).toContain('without --tls, passwords travel readable')
})
