import { mkdir, readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { BASE_IMAGE, makeTempDir, startDocker, type TempDir, type TestDocker } from '@hikae/testkit'
import { parseEngineAddress } from '../../src/docker/engine-address.ts'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'
import { type ContainerSummary, listContainers } from '../../src/docker/containers/container.ts'
import { type Hold, holdContainers, releaseHeld } from '../../src/docker/quiesce/hold.ts'
import type { Quiesce } from '../../src/docker/quiesce/schema.ts'
import type { Finding } from '../../src/sources/finding.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'

/** An engine, and places for what is remembered of containers that are held. */
export class QuiesceGround implements AsyncDisposable {
  readonly docker: TestDocker
  readonly dir: TempDir
  readonly logged: string[] = []

  private constructor(docker: TestDocker, dir: TempDir) {
    this.docker = docker
    this.dir = dir
  }

  static async create(): Promise<QuiesceGround> {
    return new QuiesceGround(await startDocker(), await makeTempDir())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker[Symbol.asyncDispose]()
    await this.dir[Symbol.asyncDispose]()
  }

  /** A container that does nothing until it is told to end, which it does at once. */
  async run(name: string, ...options: string[]): Promise<string> {
    const settings = options.includes('--rm') ? options : ['--init', ...options]
    return await this.docker.docker('run', '--detach', '--name', name, ...settings, BASE_IMAGE, 'sleep', '10000')
  }

  /** Removes all containers, and what was logged. */
  async clear(): Promise<void> {
    const ids = (await this.docker.docker('ps', '--all', '--quiet')).split('\n').filter(Boolean)
    if (ids.length > 0) await this.docker.docker('rm', '--force', ...ids)
    this.logged.length = 0
  }

  /** `running`, `exited`, `paused`, … */
  async state(name: string): Promise<string> {
    return await this.docker.docker('inspect', '--format', '{{.State.Status}}', name)
  }

  async open(signal: AbortSignal = new AbortController().signal): Promise<DockerEngine> {
    return await openEngine(parseEngineAddress(this.docker.host), process.env, signal)
  }

  context(source: string, signal: AbortSignal = new AbortController().signal): ReadContext {
    return {
      source,
      folder: this.dir.path,
      env: { ...process.env, XDG_STATE_HOME: this.dir.join('state') },
      signal,
      scratchFolder: () => Promise.reject(new Error('not asked for')),
      stateFolder: async () => {
        const folder = this.dir.join(`sources-${source}`)
        await mkdir(folder, { recursive: true, mode: 0o700 })
        return folder
      },
      log: (message) => void this.logged.push(message),
    }
  }

  async hold(
    engine: DockerEngine,
    names: readonly string[],
    how: Quiesce,
    context: ReadContext = this.context('tried'),
  ): Promise<Hold> {
    return await holdContainers(engine, await this.named(engine, names), how, context)
  }

  async named(engine: DockerEngine, names: readonly string[]): Promise<readonly ContainerSummary[]> {
    const all = await listContainers(engine)
    return names.map((name) => all.find((container) => container.name === name)!)
  }

  /** What the next start does. */
  async settle(source = 'tried'): Promise<readonly Finding[]> {
    return await releaseHeld(this.context(source), () => this.open())
  }

  /** What is left of holds: records and locks. */
  async left(source = 'tried'): Promise<string[]> {
    const places = [this.dir.join(`sources-${source}`), this.dir.join('state', 'hikae', 'containers')]
    const names = await Promise.all(places.map((place) => readdir(place).catch(() => [])))
    return names.flat()
  }
}

/** Waits for something that will be so, for ten seconds at most. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it never came to be so: ${condition}`)
    await sleep(20)
  }
}
