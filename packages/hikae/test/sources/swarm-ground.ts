import { setTimeout } from 'node:timers/promises'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { BASE_IMAGE, startDocker, type TempDir, type TestDocker } from '@hikae/testkit'
import { vi } from 'vitest'
import { type SwarmConfig, swarmSchema } from '../../src/sources/swarm/config.ts'

const WAIT = { timeout: 60_000, interval: 50 }

/** A swarm of one node, for a whole file of tests. */
export class SwarmGround implements AsyncDisposable {
  readonly docker: TestDocker
  #names = 0

  private constructor(docker: TestDocker) {
    this.docker = docker
  }

  /** @param options.isSwarm true by default */
  static async start({ isSwarm = true }: { readonly isSwarm?: boolean } = {}): Promise<SwarmGround> {
    const ground = new SwarmGround(await startDocker())
    if (isSwarm) await ground.begin()
    return ground
  }

  /** A new swarm with nothing in it, in the place of the one that was there. */
  async begin(): Promise<void> {
    await this.docker.tryDocker(['swarm', 'leave', '--force'])
    await this.#gone('containers', ['ps', '--all', '--filter', 'label=com.docker.swarm.task', '--quiet'])
    await this.#gone('networks', ['network', 'ls', '--filter', 'driver=overlay', '--quiet'])
    await this.docker.docker('swarm', 'init', '--advertise-addr', '127.0.0.1')
  }

  /** Waits until nothing of the former swarm is left of what the client lists. */
  async #gone(what: string, list: readonly string[]): Promise<void> {
    const deadline = performance.now() + 30_000
    while ((await this.docker.docker(...list)) !== '') {
      if (performance.now() > deadline) throw new Error(`${what} of the former swarm stay`)
      await setTimeout(50)
    }
  }

  /** The same while containers and networks of the former swarm are still here, as far as they are. */
  async beginAtOnce(): Promise<void> {
    await this.docker.tryDocker(['swarm', 'leave', '--force'])
    await this.docker.docker('swarm', 'init', '--advertise-addr', '127.0.0.1')
  }

  config(given: object = {}): SwarmConfig {
    return swarmSchema.parse({ engine: { host: this.docker.host }, ...given })
  }

  /** A name that no other test has. */
  name(beginning: string): string {
    return `${beginning}${++this.#names}`
  }

  /** A service whose tasks do nothing. */
  async startService(name: string, ...flags: string[]): Promise<void> {
    const asked = ['--detach', '--no-resolve-image', '--init', '--endpoint-mode', 'dnsrr', '--name', name, ...flags]
    await this.docker.docker('service', 'create', ...asked, BASE_IMAGE, '/usr/bin/sleep', '1000000')
  }

  /** Deploys a stack and waits until its services run. */
  async deploy(dir: TempDir, stack: string, word = 'one'): Promise<void> {
    const folder = dir.join(`stack-${stack}`)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'app.conf'), CONFIG)
    await writeFile(join(folder, 'key'), SECRET)
    await writeFile(join(folder, 'stack.yml'), stackFile(word))
    await this.docker.docker('stack', 'deploy', '--resolve-image', 'never', '-c', join(folder, 'stack.yml'), stack)
    await this.running(`${stack}_web`, 2)
    await this.running(`${stack}_worker`, 1)
  }

  /** Removes a stack with all that is in it. */
  async remove(stack: string): Promise<void> {
    await this.docker.docker('stack', 'rm', stack)
    await vi.waitFor(async () => {
      const left = await this.docker.docker('ps', '--all', '--quiet', '--filter', `label=${STACK}=${stack}`)
      if (left !== '') throw new Error(`containers of ${stack} are left`)
      await this.docker.tryDocker(['network', 'rm', `${stack}_inner`])
      const networks = await this.docker.docker('network', 'ls', '--quiet', '--filter', `label=${STACK}=${stack}`)
      if (networks !== '') throw new Error(`networks of ${stack} are left`)
    }, WAIT)
  }

  /** Waits until so many tasks of a service run. */
  async running(service: string, count: number): Promise<void> {
    await vi.waitFor(async () => {
      const found = await this.containers(service)
      // What the swarm knows is behind, and what was replaced still runs for a moment.
      const wanted = ['--filter', 'desired-state=running', '--format', '{{.CurrentState}}']
      const states = (await this.docker.docker('service', 'ps', ...wanted, service)).split('\n')
      const known = states.filter((state) => state.startsWith('Running'))
      if (found.length !== count || known.length !== count || states.length !== Math.max(1, count)) {
        throw new Error(`${found.length} of ${count} tasks of ${service} run, and the swarm knows of ${known.length}`)
      }
    }, WAIT)
  }

  /** Ids of running containers. */
  async containers(service: string): Promise<string[]> {
    const filter = ['--filter', `label=com.docker.swarm.service.name=${service}`, '--filter', 'status=running']
    const ids = await this.docker.docker('ps', '--quiet', '--no-trunc', ...filter)
    return ids === '' ? [] : ids.split('\n')
  }

  /** What a file in the first running task of a service holds. */
  async fileIn(service: string, path: string): Promise<string> {
    return await this.docker.docker('exec', (await this.containers(service))[0]!, '/usr/bin/cat', path)
  }

  /** What the engine itself says: the client adds what it thinks. */
  async ask(path: string): Promise<Json[]> {
    const answer = Promise.withResolvers<string>()
    const request = get({ socketPath: this.docker.socket, path }, (response) => {
      text(response).then(answer.resolve, answer.reject)
    })
    request.on('error', answer.reject)
    return JSON.parse(await answer.promise) as Json[]
  }

  /** Names and states of everything, without those that come and go by themselves. */
  async traces(): Promise<unknown> {
    const list = async (kind: string): Promise<string[]> =>
      (await this.docker.docker(kind, 'ls', '--format', '{{.Name}}')).split('\n').toSorted()
    const containers = await this.docker.docker('ps', '--all', '--quiet', '--filter', 'status=running')
    return {
      services: await list('service'),
      configs: await list('config'),
      secrets: await list('secret'),
      networks: await list('network'),
      containers: containers.split('\n').toSorted(),
    }
  }

  /** All that a restore of a stack has to bring back; from a folder of JSON when one is named. */
  async content(stack: string, folder?: string): Promise<unknown> {
    return folder === undefined ? await this.#live(stack) : await inFolder(join(folder, 'swarm'))
  }

  async #live(stack: string): Promise<unknown> {
    const filters = encodeURIComponent(JSON.stringify({ label: [`${STACK}=${stack}`] }))
    const own = (kind: string): Promise<Json[]> => this.ask(`/${kind}s?filters=${filters}`)
    const networks = await own('network')
    const nameOf = new Map(networks.map((network) => [network['Id'] as string, network['Name'] as string]))
    const configs = (await own('config')).map(({ Spec }) => Spec as Json)
    return shape({
      networks,
      services: (await own('service')).map(({ Spec }) => withoutIds(Spec as Json, nameOf)),
      configs: configs.map(({ Data, ...spec }) => ({
        ...spec,
        data: Buffer.from(Data as string, 'base64').toString('hex'),
      })),
      secrets: (await own('secret')).map(({ Spec }) => Spec as Json),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker[Symbol.asyncDispose]()
  }
}

export type Json = Readonly<Record<string, unknown>>

const STACK = 'com.docker.stack.namespace'
/** No text: a zero, and bytes that are not UTF-8. */
const CONFIG = Buffer.from('listen 80\0\xff\n', 'latin1')
export const SECRET = 'geheim: 秘密\n'

/** `web` prints its configuration; `worker` has no secret. */
function stackFile(word: string): string {
  return `
version: '3.8'
x-common: &common
  image: ${BASE_IMAGE}
  init: true
  command: [sleep, '1000000']
  networks: [inner]
  environment: { WORD: ${word} }
services:
  web:
    <<: *common
    configs: [{ source: app.conf, target: /etc/app.conf, mode: 0440 }]
    secrets: [key, { source: key, target: /var/keys/app, uid: '65534', mode: 0400 }]
    volumes: [data:/data]
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      placement: { constraints: [node.role == manager] }
      update_config: { parallelism: 2 }
  worker:
    <<: *common
    deploy: { endpoint_mode: dnsrr, labels: { part: second } }
networks: { inner: { driver: overlay, attachable: true, driver_opts: { encrypted: '' } } }
configs: { app.conf: { file: ./app.conf } }
secrets: { key: { file: ./key } }
volumes: { data: {} }
`
}

async function inFolder(folder: string): Promise<unknown> {
  const read = async (name: string): Promise<Json[]> => {
    const names = (await readdir(join(folder, name))).filter((file) => file.endsWith('.json'))
    return await Promise.all(
      names.map(async (file) => JSON.parse(await readFile(join(folder, name, file), 'utf8')) as Json),
    )
  }
  const configs = await read('configs')
  return shape({
    networks: await read('networks'),
    services: await read('services'),
    secrets: await read('secrets'),
    configs: await Promise.all(
      configs.map(async (config) => ({
        ...config,
        data: await readFile(join(folder, 'configs', `${config['Name'] as string}.data`), 'hex'),
      })),
    ),
  })
}

interface Shape {
  readonly networks: readonly Json[]
  readonly services: readonly Json[]
  readonly configs: readonly Json[]
  readonly secrets: readonly Json[]
}

/** The same whether a client shows it or a file, in the same order. */
function shape({ networks, services, configs, secrets }: Shape): unknown {
  const sorted = (objects: readonly Json[]): Json[] =>
    objects.toSorted((one, other) => ((one['Name'] as string) < (other['Name'] as string) ? -1 : 1))
  return {
    networks: sorted(networks).map(({ Name, Driver, Attachable, Internal, Labels, IPAM, Options }) => {
      const { 'com.docker.network.driver.overlay.vxlanid_list': _, ...options } = Options as Json
      return { Name, Driver, Attachable, Internal, Labels, IPAM, options }
    }),
    services: sorted(services),
    configs: sorted(configs),
    secrets: sorted(secrets),
  }
}

const NOT_SAVED = new Set(['ConfigID', 'SecretID', 'ForceUpdate'])

function withoutIds(spec: Json, networks: ReadonlyMap<string, string>): Json {
  const text = JSON.stringify(spec, (key, value: unknown) => {
    if (NOT_SAVED.has(key)) return undefined
    return key === 'Target' && typeof value === 'string' ? (networks.get(value) ?? value) : value
  })
  return JSON.parse(text) as Json
}
