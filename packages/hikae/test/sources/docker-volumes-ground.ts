import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BASE_IMAGE, makeTempDir, startDocker, type TempDir, type TestDocker } from '@hikae/testkit'
import { test as base } from 'vitest'
import { type DockerVolumesConfig, dockerVolumesConfig } from '../../src/sources/docker-volumes/config.ts'
import { dockerVolumesSource } from '../../src/sources/docker-volumes/docker-volumes-source.ts'
import type { ReadContext, SourceKind } from '../../src/sources/source-kind.ts'
import { SourceGround } from '../support/source-ground.ts'

/** A Docker Engine for a whole file of tests, each of which has volumes and containers of its own. */
export class DockerGround implements AsyncDisposable {
  readonly docker: TestDocker
  #volumes = 0

  private constructor(docker: TestDocker) {
    this.docker = docker
  }

  static async start(): Promise<DockerGround> {
    return new DockerGround(await startDocker())
  }

  config(given: object): DockerVolumesConfig {
    return dockerVolumesConfig.parse({ engine: { host: this.docker.host }, ...given })
  }

  /** A name that no other test has. */
  name(beginning = 'volume'): string {
    return `${beginning}${++this.#volumes}`
  }

  /** Where the content of a volume is. */
  at(volume: string): string {
    return `${this.docker.dataRoot}/volumes/${volume}/_data`
  }

  /** @param flags of `docker volume create` @returns where its content is */
  async makeVolume(name: string, ...flags: string[]): Promise<string> {
    await this.docker.docker('volume', 'create', ...flags, name)
    return this.at(name)
  }

  /** Fills a volume, made when it is not there. */
  async fill(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    await this.makeVolume(name)
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.at(name), path)), { recursive: true })
      await writeFile(join(this.at(name), path), content)
    }
  }

  /** Makes a volume anew, without what restores have kept of it, and without containers. */
  async remake(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    const users = (await this.docker.docker('ps', '--all', '--quiet', '--filter', `volume=${name}`)).split('\n')
    if (users[0] !== '') await this.docker.docker('rm', '--force', ...users)
    const volumes = await this.volumes(name)
    if (volumes.length > 0) await this.docker.docker('volume', 'rm', ...volumes)
    await this.fill(name, files)
  }

  /** Files of a volume by their paths. */
  async contents(name: string): Promise<Record<string, string>> {
    const entries = await readdir(this.at(name), { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const start = this.at(name).length + 1
    return Object.fromEntries(
      await Promise.all(paths.sort().map(async (path) => [path.slice(start), await readFile(path, 'utf8')])),
    )
  }

  /** A container of {@link BASE_IMAGE} that runs a shell script, with flags of `docker run`. @returns its name */
  async run(script: string, ...flags: string[]): Promise<string> {
    return await this.runAs(this.name('container'), script, ...flags)
  }

  /** The same under a name. */
  async runAs(name: string, script: string, ...flags: string[]): Promise<string> {
    await this.docker.docker('run', '--detach', '--init', '--name', name, ...flags, BASE_IMAGE, 'sh', '-c', script)
    return name
  }

  /** `running`, `exited`, `paused`, … */
  async state(container: string): Promise<string> {
    return await this.docker.docker('inspect', '--format', '{{.State.Status}}', container)
  }

  /** Of a volume, without the one by which a restore knows what it has made. */
  async labels(name: string): Promise<object> {
    const labels = { ...(await this.volume(name)).Labels } as Record<string, string>
    delete labels['hikae.restored']
    return labels
  }

  async volume(name: string): Promise<{ Driver: string; Options: object | null; Labels: object | null }> {
    return JSON.parse(await this.docker.docker('volume', 'inspect', '--format', '{{json .}}', name)) as never
  }

  /** Names of volumes that begin so. */
  async volumes(beginning: string): Promise<string[]> {
    const names = (await this.docker.docker('volume', 'ls', '--format', '{{.Name}}')).split('\n')
    return names.filter((name) => name.startsWith(beginning)).toSorted()
  }

  /** Names of all volumes, containers and their states. */
  async traces(): Promise<unknown> {
    const volumes = (await this.docker.docker('volume', 'ls', '--format', '{{.Name}}')).split('\n')
    const containers = (await this.docker.docker('ps', '--all', '--format', '{{.Names}} {{.State}}')).split('\n')
    return { volumes: volumes.toSorted(), containers: containers.toSorted() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.docker[Symbol.asyncDispose]()
  }
}

/** Locks of containers lie in the test's own folder. */
export function inFolder(context: ReadContext, dir: TempDir): ReadContext {
  return { ...context, env: { ...context.env, XDG_STATE_HOME: dir.join('xdg') } }
}

/** A folder, a repository and a configuration's context for each test; an engine for all tests of a file. */
export const test = base
  .extend('docker', { scope: 'file' }, async ({}, { onCleanup }) => {
    const docker = await DockerGround.start()
    onCleanup(() => docker[Symbol.asyncDispose]())
    return docker
  })
  .extend('dir', async ({}, { onCleanup }) => {
    const dir = await makeTempDir()
    onCleanup(() => dir[Symbol.asyncDispose]())
    return dir
  })
  .extend('ground', async ({ dir }) => await SourceGround.create(dir))
  .extend('context', ({ dir, ground }) => inFolder(ground.context(dir.path), dir))

/** Waits for something that will be so, for ten seconds at most. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it never came to be so: ${condition.toString()}`)
    await sleep(20)
  }
}

/** The kind, with something that happens when the content of the snapshot begins to be read. */
export function disturbed(disturb: () => Promise<unknown>): SourceKind<DockerVolumesConfig> {
  return {
    ...dockerVolumesSource,
    async open(given, context) {
      const source = await dockerVolumesSource.open(given, context)
      return {
        ...source,
        finish: () => source.finish(),
        [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
        root: {
          ...source.root,
          async *children(signal) {
            await disturb()
            yield* source.root.children(signal)
          },
        },
      }
    },
  }
}
