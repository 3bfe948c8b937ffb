import { createServer, type Server } from 'node:net'
import {
  compose,
  makeTempDir,
  skipBecause,
  startDocker,
  type TestDocker,
  whyNoCompose,
  whyNoDocker,
} from '@hikae/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeFile } from 'node:fs/promises'
import type { ProposedSource } from '../../src/discovery/finder.ts'
import { dockerFinder } from '../../src/discovery/finders/docker.ts'
import type { Surroundings } from '../../src/discovery/surroundings.ts'
import { SOURCE_KINDS } from '../../src/sources/kinds.ts'

const NOTHING: Surroundings = { folder: '/', files: [], gitRepositories: [], backupRepositories: [], isWhole: true }
const { signal } = new AbortController()

function find(host: string): Promise<readonly ProposedSource[]> {
  return dockerFinder.find(NOTHING, [], { env: { DOCKER_HOST: host }, signal })
}

describe.skipIf(skipBecause((await whyNoDocker()) ?? (await whyNoCompose())))('what an engine has', () => {
  let docker: TestDocker

  beforeAll(async () => {
    docker = await startDocker()
  })
  afterAll(() => docker[Symbol.asyncDispose]())

  test('is nothing, at first', async () => {
    expect(await find(docker.host)).toEqual([])
  })

  test('is proposed: projects, and what belongs to none', async () => {
    await using dir = await makeTempDir()
    const service = `{ image: test/base:1, init: true, command: [sleep, '1000'], stop_grace_period: 1s`
    await writeFile(
      dir.join('compose.yaml'),
      `name: shop\nservices: { web: ${service}, volumes: [data:/data] } }\nvolumes: { data: }\n`,
    )
    await compose(docker, dir.path, 'up', '--detach')
    await docker.docker('commit', await docker.docker('create', '--name', 'once', 'test/base:1'), 'my/postgres:16')
    await docker.docker('rm', 'once')
    const run = ['run', '--detach', '--init', '--stop-timeout', '1']
    await docker.docker(...run, '--name', 'db', '--volume', 'rows:/rows', 'my/postgres:16', 'sleep', '1000')
    await docker.docker(...run, '--label', 'hikae.exclude=true', '--volume', 'cache:/c', 'test/base:1', 'sleep', '1000')
    await docker.docker('volume', 'create', '--label', 'hikae.exclude=true', 'unwanted')
    await docker.docker('swarm', 'init', '--advertise-addr', '127.0.0.1')
    const engine = { host: docker.host }
    const found = await find(docker.host)
    expect(found).toEqual([
      {
        ...{ name: 'shop', kind: 'compose', config: { project: 'shop', engine } },
        description: 'the Compose project shop: 1 service, 1 volume, files and images',
      },
      {
        ...{ name: 'volumes', kind: 'docker-volumes' },
        config: { names: ['cache', 'rows'], engine, quiesce: 'stop' },
        description: '2 Docker volumes of no Compose project; stopped while they are read: db (PostgreSQL)',
      },
      {
        ...{ name: 'images', kind: 'docker-images', config: { references: ['my/postgres:16'], engine } },
        description: '1 image of containers that belong to no Compose project',
      },
      {
        ...{ name: 'swarm', kind: 'swarm', config: { engine } },
        description: 'services, configs, networks and stacks of the swarm; of secrets only the names',
      },
    ])
    for (const { kind, config } of found) {
      expect(SOURCE_KINDS.find(({ name }) => name === kind)!.config.safeParse(config).success).toBe(true)
    }
    await compose(docker, dir.path, 'down', '--volumes')
  })
})

test(
  'an engine that is away has nothing, and one that does not answer is not waited for',
  { timeout: 60_000 },
  async () => {
    expect(await find('unix:///absent/docker.sock')).toEqual([])
    await using server = await silentServer()
    expect(await find(`tcp://127.0.0.1:${server.port}`)).toEqual([])
  },
)

async function silentServer(): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer((socket) => void socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}
