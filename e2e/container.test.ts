import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  addProgramImage,
  BASE_IMAGE,
  compose,
  findProgram,
  makeCheapRepository,
  makeTempDir,
  type ProcessResult,
  runOk,
  skipBecause,
  startDocker,
  type TempDir,
  type TestDocker,
  whyNoCompose,
  whyNoDocker,
} from '@hikae/testkit'
import { describe, test as base } from 'vitest'
import { PASSWORD } from './hikae.ts'

const ROOT = join(import.meta.dirname, '..')
const NODE_IMAGE = 'test/node:24'
const PROXY_IMAGE = 'test/haproxy:2'
const HIKAE_IMAGE = 'test/hikae:1'
const OTHER_FILE = '/tmp/other.yaml'
const LIST = ['hikae', 'ls', 'latest', '--repo', '/own', '--no-lock']
const haproxy = await findProgram('haproxy')

/** A project as its compose.yaml makes it, with the example of packaging/docker included. */
interface Shop {
  readonly docker: TestDocker
  readonly dir: TempDir
  compose(...args: readonly string[]): Promise<ProcessResult>
  /** In the running container of Hikae. */
  hikae(...args: readonly string[]): Promise<string>
}

const APPLICATION = `name: shop
include: [{ path: [hikae/compose.yaml, quick.yaml] }]
services:
  app:
    image: ${BASE_IMAGE}
    init: true
    command: [sleep, '10000']
    volumes: ['uploads:/data']
    labels: { hikae.source.uploads.kind: docker-volumes, hikae.source.uploads.quiesce: stop }
volumes: { uploads: {} }
`

/** Nobody waits for a minute here. */
const QUICK = `services:
  hikae:
    healthcheck: { interval: 1s, timeout: 5s, retries: 1, start_period: 1s }
`

async function startShop(docker: TestDocker, dir: TempDir): Promise<Shop> {
  if (haproxy === undefined) throw new Error('haproxy is not installed')
  await addProgramImage(docker, { tag: NODE_IMAGE, program: process.execPath, place: 'usr/local/bin/node' })
  const command = ['haproxy', '-W', '-db', '-f', '/usr/local/etc/haproxy/haproxy.cfg']
  await addProgramImage(docker, { tag: PROXY_IMAGE, program: haproxy, place: 'usr/sbin/haproxy', command })
  const env = { DOCKER_HOST: docker.host, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: '/nonexistent' }
  const building = ['--tag', HIKAE_IMAGE, '--build-arg', `BASE=${NODE_IMAGE}`]
  await runOk(join(ROOT, 'script/build-image'), building, { env, timeoutMs: 170_000 })

  for (const name of ['compose.yaml', 'haproxy.cfg', 'config'])
    await cp(join(ROOT, 'packaging/docker', name), dir.join('shop/hikae', name), { recursive: true })
  await writeFile(dir.join('shop/hikae/repository-password'), PASSWORD, { mode: 0o600 })
  await writeFile(dir.join('shop/compose.yaml'), APPLICATION)
  await writeFile(dir.join('shop/quick.yaml'), QUICK)
  const variables = {
    ...{ HIKAE_IMAGE, HAPROXY_IMAGE: PROXY_IMAGE, HIKAE_REPOSITORY: dir.join('repository'), TZ: 'Asia/Tokyo' },
    ...{ DOCKER_SOCKET: docker.socket, DOCKER_VOLUMES: join(docker.dataRoot, 'volumes') },
  }
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
  await writeFile(dir.join('shop/.env'), lines.join(''))
  await mkdir(dir.join('repository'))
  const shop: Shop = {
    ...{ docker, dir },
    compose: (...args) => compose(docker, dir.join('shop'), ...args),
    hikae: (...args) => docker.docker('exec', 'shop-hikae-1', 'hikae', ...args),
  }
  await shop.compose('run', '--rm', '-T', 'hikae', 'init')
  await shop.compose('up', '--detach')
  return shop
}

// oxlint-disable no-empty-pattern -- vitest wants a destructuring pattern in fixtures
const test = base
  .extend('docker', { scope: 'file' }, async ({}, { onCleanup }) => {
    const docker = await startDocker()
    onCleanup(() => docker[Symbol.asyncDispose]())
    return docker
  })
  .extend('shop', { scope: 'file' }, async ({ docker }, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return await startShop(docker, dir)
  })
// oxlint-enable no-empty-pattern

async function healthOf({ docker }: Shop, wanted: string): Promise<string> {
  for (;;) {
    const found = await docker.docker('inspect', '--format', '{{json .State.Health}}', 'shop-hikae-1')
    const { Status, Log } = JSON.parse(found) as { Status: string; Log: { Output: string }[] }
    if (Status === wanted) return Log.at(-1)!.Output
    await delay(100)
  }
}

/** Answers of the proxy to Hikae's container, which is the only one that may ask it. */
async function answersOf({ docker }: Shop, requests: readonly string[]): Promise<Record<string, number>> {
  const script = `
    const answers = {}
    for (const request of ${JSON.stringify(requests)}) {
      const [method, path] = request.split(' ')
      const { status } = await new Promise((resolve, reject) => {
        const asked = require('node:http').request({ host: 'docker-proxy', port: 2375, method, path })
        asked.once('response', ({ statusCode: status, ...response }) => { asked.destroy(); resolve({ status }) })
        asked.once('error', reject).end()
      })
      answers[request] = status
    }
    console.log(JSON.stringify(answers))`
  const program = `(async () => {${script}})()`
  return JSON.parse(await docker.docker('exec', 'shop-hikae-1', 'node', '-e', program)) as Record<string, number>
}

const reason = haproxy === undefined ? 'haproxy is not installed' : undefined

describe.skipIf(skipBecause((await whyNoDocker()) ?? (await whyNoCompose()) ?? reason))('Hikae as a container', () => {
  test('saves the volumes of the project that it is in, where they lie, and brings them back', async ({
    shop,
    expect,
  }) => {
    const { docker } = shop
    await docker.docker(
      'exec',
      'shop-app-1',
      'sh',
      '-c',
      'mkdir /data/of-root && chmod 700 /data/of-root && echo before >/data/of-root/file && chown -R 999:999 /data/of-root',
    )
    expect(await shop.hikae('backup')).toMatch(/^ {2}uploads {2}succeeded/m)
    const log = await shop.hikae('logs')
    expect(log).toContain(`the volume shop_uploads is read at ${docker.dataRoot}/volumes/shop_uploads/_data`)
    expect(await docker.docker('inspect', '--format', '{{.State.Status}}', 'shop-app-1')).toBe('running')

    await docker.docker('exec', 'shop-app-1', 'sh', '-c', 'rm -r /data/of-root; echo after >/data/added')
    await shop.compose('run', '--rm', '-T', 'hikae-restore', 'restore', 'uploads', '--yes')
    const found = await docker.docker(
      'exec',
      'shop-app-1',
      'sh',
      '-c',
      'cd /data && stat -c "%n %u %a" * && cat */file',
    )
    expect(found.split('\n')).toEqual(['of-root 999 700', 'before'])
  })

  test('has the time zone of its variables, and is known by the name that it was given', async ({ shop, expect }) => {
    expect(await shop.hikae('schedule', 'show')).toContain('Asia/Tokyo')
    const [snapshot] = JSON.parse(await shop.hikae('snapshots', '--json')) as [{ hostname: string }]
    expect(snapshot.hostname).toBe('hikae')
  })

  test('is healthy while it serves the schedules', async ({ shop, expect }) => {
    expect(await healthOf(shop, 'healthy')).toContain('serves the schedules')
    const daemon = await shop.docker.docker('exec', 'shop-hikae-1', 'cat', '/proc/1/task/1/children')
    await shop.docker.docker('exec', 'shop-hikae-1', 'kill', '-STOP', daemon)
    expect(await healthOf(shop, 'unhealthy')).toBeDefined()
    await shop.docker.docker('exec', 'shop-hikae-1', 'kill', '-CONT', daemon)
    expect(await healthOf(shop, 'healthy')).toContain('serves the schedules')
  })

  test('asks a proxy that lets nothing else through', async ({ shop, expect }) => {
    const allowed = ['GET /v1.41/version', 'GET /containers/json', 'GET /containers/shop-app-1/json', 'GET /volumes']
    const refused = [
      ...['POST /containers/create?name=hikae-helper-1', 'GET /containers/shop-app-1/archive?path=/data'],
      ...[
        'GET /containers/shop-app-1/attach/ws',
        'GET /containers/shop-app-1/logs',
        'POST /containers/shop-app-1/exec',
      ],
      ...['DELETE /containers/shop-app-1', 'POST /containers/shop-app-1/kill', 'POST /containers/shop-app-1/pause'],
      ...['GET /containers/json/../shop-app-1/archive?path=/data', 'GET /containers%2fshop-app-1%2farchive?path=/data'],
      ...[
        'GET /images/get?names=x',
        'GET /secrets',
        'POST /volumes/create',
        'DELETE /volumes/shop_uploads',
        'GET /events',
      ],
    ]
    const answers = await answersOf(shop, [...allowed, ...refused])
    expect(answers).toEqual(
      Object.fromEntries([...allowed.map((one) => [one, 200]), ...refused.map((one) => [one, 403])]),
    )
  })

  test('says what the proxy would have to let through', async ({ shop, expect }) => {
    await makeCheapRepository(shop.dir.join('repository/other'), PASSWORD)
    const { exitCode, stderr, stdout } = await backUpWith(shop, 'shop-hikae-1', 'archive', '/repository/other')
    expect(exitCode).toBe(1)
    expect(stderr + stdout).toContain('refuses POST /containers/create (403)')
    expect(stderr + stdout).toContain('ALLOW_HELPERS=1')
  })

  test('needs no root for volumes that it reads through a proxy which allows helpers', async ({ shop, expect }) => {
    const { docker, dir } = shop
    const inNetwork = ['run', '--detach', '--network', 'shop_docker-proxy']
    const rules = `${dir.join('shop/hikae/haproxy.cfg')}:/usr/local/etc/haproxy/haproxy.cfg:ro`
    const socket = `${docker.socket}:/var/run/docker.sock`
    const helping = ['--name', 'helping', '--env', 'ALLOW_HELPERS=1', '--volume', rules, '--volume', socket]
    await docker.docker(...inNetwork, ...helping, PROXY_IMAGE)
    await makeCheapRepository(dir.join('own'), PASSWORD)
    await runOk('chown', ['-R', '10001', dir.join('own')])
    const powers = ['--cap-drop', 'ALL', '--read-only', '--tmpfs', '/tmp', '--init', '--entrypoint', 'sleep']
    const plain = ['--name', 'plain', '--env', 'DOCKER_HOST=tcp://helping:2375', '--volume', `${dir.join('own')}:/own`]
    await docker.docker(...inNetwork, ...plain, ...powers, HIKAE_IMAGE, '10000')
    expect(await docker.docker('exec', 'plain', 'id', '-u')).toBe('10001')
    const { exitCode, stdout } = await backUpWith(shop, 'plain', 'auto', '/own')
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('uploads  succeeded') })
    const listed = await docker.docker('exec', '--env', `HIKAE_PASSWORD=${PASSWORD}`, 'plain', ...LIST)
    expect(listed.split('\n')).toContain('/volumes/shop_uploads/of-root/file')
    expect(await docker.docker('ps', '--all', '--quiet', '--filter', 'label=hikae.helper')).toBe('')
  })

  test('takes in what others leave behind, and ends in time', async ({ shop, expect }) => {
    const { docker } = shop
    await docker.docker('exec', 'shop-hikae-1', 'sh', '-c', '(sleep 0.05 &)')
    const processes = (): Promise<string> => docker.docker('exec', 'shop-hikae-1', 'sh', '-c', 'cat /proc/[0-9]*/stat')
    while (/\(sleep\)/.test(await processes())) await delay(50)
    const begun = performance.now()
    await docker.docker('stop', '--time', '30', 'shop-hikae-1')
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(await docker.docker('inspect', '--format', '{{.State.ExitCode}}', 'shop-hikae-1')).toBe('0')
  })

  test('holds nothing that is only for building or testing it', async ({ shop, expect }) => {
    const listed = await shop.docker.docker(
      ...['run', '--rm', '--entrypoint', 'sh', HIKAE_IMAGE, '-c', 'cd /opt/hikae && find . -type f'],
    )
    const files = listed.split('\n')
    expect(files).toContain('./packages/hikae/dist/cli/main.js')
    expect(
      files.filter((path) => /typescript\/|vitest|testkit|node-linux-|\.test\.|\.d\.ts$|\.map$/.test(path)),
    ).toEqual([])
  })
})

/** A backup of the volume with a stack file of its own, which stays at {@link OTHER_FILE}. */
async function backUpWith(
  { docker }: Shop,
  container: string,
  read: string,
  repository: string,
): Promise<ProcessResult> {
  const stack = [
    'version: 1',
    `repositories: { own: { local: ${repository}, password: { env: PASSWORD } } }`,
    `sources: { uploads: { docker-volumes: { names: [shop_uploads], read: ${read} } } }`,
    'jobs: { once: {} }',
  ]
  const variables = { STACK: stack.join('\n'), PASSWORD, XDG_STATE_HOME: '/tmp' }
  const given = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const commands = `printf '%s\\n' "$STACK" >${OTHER_FILE} && exec hikae backup --config ${OTHER_FILE}`
  return await docker.tryDocker(['exec', ...given, container, 'sh', '-c', commands])
}
