import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { listContainers } from '../../src/docker/containers/container.ts'
import { parseEngineAddress } from '../../src/docker/engine-address.ts'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'
import { type Hold, holdContainers } from '../../src/docker/quiesce/hold.ts'
import { releaseHeld } from '../../src/docker/quiesce/release-held.ts'
import type { Quiesce } from '../../src/docker/quiesce/schema.ts'
import type { Finding } from '../../src/sources/finding.ts'
import type { ReadContext } from '../../src/sources/source-kind.ts'

/** Where an engine is, and where what is remembered of containers that are held lies. */
interface Places {
  /** As `DOCKER_HOST` has it. */
  readonly host: string
  readonly folder: string
}

/** What holds containers, in this process or another one. */
export class Holder {
  readonly #places: Places
  readonly logged: string[] = []

  constructor(places: Places) {
    this.#places = places
  }

  async open(signal: AbortSignal = new AbortController().signal): Promise<DockerEngine> {
    return await openEngine(parseEngineAddress(this.#places.host), process.env, signal)
  }

  context(source: string, signal: AbortSignal = new AbortController().signal): ReadContext {
    const { folder } = this.#places
    return {
      source,
      stack: 'test',
      folder,
      env: { ...process.env, XDG_STATE_HOME: join(folder, 'state') },
      signal,
      scratchFolder: () => Promise.reject(new Error('not asked for')),
      stateFolder: async () => {
        const path = join(folder, `sources-${source}`)
        await mkdir(path, { recursive: true, mode: 0o700 })
        return path
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
    const all = await listContainers(engine)
    const containers = names.map((name) => all.find((container) => container.name === name)!)
    return await holdContainers(engine, containers, how, context)
  }

  /** What the next start does. */
  async settle(source = 'tried'): Promise<readonly Finding[]> {
    return await releaseHeld(this.context(source))
  }

  /** What is left of holds: records and locks. */
  async left(source = 'tried'): Promise<string[]> {
    const { folder } = this.#places
    const places = [join(folder, `sources-${source}`), join(folder, 'state', 'hikae', 'containers')]
    const names = await Promise.all(places.map((place) => readdir(place).catch(() => [])))
    return names.flat()
  }
}
