import { createHash } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { BASE_IMAGE, startDocker, type TempDir, type TestDocker } from '@hikae/testkit'
import type { Entry } from '@hikae/engine'
import { openArchiveEntry } from '../../src/docker/archive/open-archive.ts'
import { statPath } from '../../src/docker/archive/path-stat.ts'
import { parseEngineAddress } from '../../src/docker/engine-address.ts'
import { type DockerEngine, openEngine } from '../../src/docker/engine.ts'
import { containerFilesConfig, type ContainerFilesConfig } from '../../src/sources/container-files/config.ts'
import { containerFilesSource } from '../../src/sources/container-files/container-files-source.ts'
import type { SourceSubject } from '../support/describe-source.ts'

const signal = new AbortController().signal

/** An application with files outside of volumes. */
const FILL = `
  mkdir -p /app/uploads/deep /app/keys /app/empty
  printf one > /app/uploads/one; printf two > /app/uploads/deep/two; : > /app/uploads/nothing
  ln /app/uploads/one /app/uploads/deep/again; ln -s ../one /app/uploads/deep/link; mkfifo /app/uploads/pipe
  printf secret > /app/keys/rsa.pem; chmod 0400 /app/keys/rsa.pem; chown 1234:2345 /app/keys/rsa.pem
  chown 33:44 /app/uploads/deep; chmod 2750 /app/uploads/deep; chmod 4755 /app/uploads/nothing
  touch -d '2020-01-02 03:04:05' /app/uploads/deep/two; printf x > '/app/uploads/- ü '
`

const CHANGE = `
  rm /app/uploads/deep/two; printf other > /app/uploads/one; chmod 0777 /app/uploads/deep
  printf added > /app/uploads/new; printf other > /app/keys/rsa.pem
`

/** Containers on an engine of its own. */
export class ContainerFilesGround implements AsyncDisposable {
  readonly docker: TestDocker
  readonly engine: DockerEngine
  #count = 0

  private constructor(docker: TestDocker, engine: DockerEngine) {
    this.docker = docker
    this.engine = engine
  }

  static async create(): Promise<ContainerFilesGround> {
    const docker = await startDocker()
    return new ContainerFilesGround(docker, await openEngine(parseEngineAddress(docker.host), process.env, signal))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]()
    await this.docker[Symbol.asyncDispose]()
  }

  newName(kind: string): string {
    this.#count++
    return `${kind}-${this.#count}`
  }

  /** A container that does nothing until it is told to end. */
  async run(name: string, ...options: string[]): Promise<string> {
    const args = ['--detach', '--init', '--name', name, ...options, BASE_IMAGE, 'sleep', '10000']
    return await this.docker.docker('run', ...args)
  }

  async inside(name: string, script: string): Promise<string> {
    return await this.docker.docker('exec', name, 'sh', '-ec', script)
  }

  config(given: Record<string, unknown>): ContainerFilesConfig {
    return containerFilesConfig.parse({ engine: { host: this.docker.host }, ...given })
  }

  /** What is at a path of a container, but for what is new; everything that Docker tells of it. */
  async facts(container: string, path: string): Promise<unknown> {
    const facts: unknown[] = []
    await using archive = await openArchiveEntry(this.engine, container, Buffer.from(path).toString('latin1'), signal)
    await gather(archive.entry, '', facts)
    await archive.finish()
    return facts
  }

  async subject(dir: TempDir): Promise<SourceSubject<ContainerFilesConfig>> {
    const [name, other] = [this.newName('app'), this.newName('other')]
    await this.run(name)
    await this.docker.docker('create', '--name', other, BASE_IMAGE, 'never')
    await this.inside(name, FILL)
    const paths = ['/app/uploads', '/app/keys/rsa.pem']
    const config = this.config({ container: name, paths })
    const proxy = await CountingProxy.start(dir.join('proxy.sock'), this.docker.socket)
    return {
      kind: containerFilesSource,
      config,
      folder: dir.path,
      content: async (to) => {
        const [container, below] = to === undefined ? [name, ''] : (to.split(':') as [string, string])
        return await Promise.all(
          paths.map(async (path) => {
            const isThere = await statPath(this.engine, container, below + path, signal)
            return isThere ? await this.facts(container, below + path) : 'absent'
          }),
        )
      },
      elsewhere: `${other}:/back`,
      change: async () => void (await this.inside(name, CHANGE)),
      empty: this.config({ container: name, paths: ['/app/empty'] }),
      failing: this.config({ container: name, paths: ['/app/uploads', '/app/absent'] }),
      lasting: {
        config: await this.#lasting(name, proxy),
        begun: () => proxy.hasGiven(4 * 1024 * 1024),
      },
      traces: async () => await this.docker.docker('ps', '--all', '--format', '{{.Names}} {{.State}}'),
      [Symbol.asyncDispose]: async () => {
        await proxy[Symbol.asyncDispose]()
        await this.docker.docker('rm', '--force', name, other)
      },
    }
  }

  /** Nothing but zeros, and many of them. */
  async #lasting(name: string, proxy: CountingProxy): Promise<ContainerFilesConfig> {
    await this.inside(name, 'mkdir /app/large; dd if=/dev/zero of=/app/large/zeros bs=1 count=0 seek=4G 2>/dev/null')
    return this.config({ engine: { host: proxy.address }, container: name, paths: ['/app/large'] })
  }
}

async function gather(entry: Entry, path: string, facts: unknown[]): Promise<void> {
  if (entry.kind === 'unreadable') throw entry.error
  if (entry.name.startsWith('new')) return
  const { mode, uid, gid, mtimeNs, rdev } = entry.metadata
  const isFolder = entry.kind === 'directory'
  facts.push({
    ...{ path, kind: entry.kind, mode, uid, gid, rdev: String(rdev) },
    // Whoever puts something into a folder changes its time.
    ...(isFolder ? {} : { time: String(mtimeNs) }),
    ...(entry.kind === 'symlink' ? { target: entry.target } : {}),
    ...(entry.kind === 'file' ? { content: await contentOf(entry) } : {}),
  })
  if (entry.kind !== 'directory') return
  for await (const child of entry.children(signal)) {
    await gather(child, `${path}/${child.kind === 'unreadable' ? '' : child.name}`, facts)
  }
}

async function contentOf({ content, metadata }: Extract<Entry, { kind: 'file' }>): Promise<string> {
  if (content.kind === 'link') return `the content of ${metadata.inode}`
  if (content.kind !== 'stream') throw new Error('an archive has streams only')
  const hash = createHash('sha256')
  for await (const piece of content.open(signal)) hash.update(piece)
  return hash.digest('hex')
}

/** Stands between a client and the engine, and counts what the engine gives. */
export class CountingProxy implements AsyncDisposable {
  readonly address: string
  readonly #sockets = new Set<Socket>()
  readonly #server
  #given = 0

  private constructor(path: string, socket: string) {
    this.address = `unix://${path}`
    this.#server = createServer((client) => {
      const engine = connect(socket)
      engine.on('data', (bytes) => (this.#given += bytes.length))
      client.pipe(engine).pipe(client)
      for (const [end, other] of [
        [client, engine],
        [engine, client],
      ] as const) {
        this.#sockets.add(end)
        end.on('error', () => other.destroy())
        end.once('close', () => {
          this.#sockets.delete(end)
          other.destroy()
        })
      }
    })
  }

  static async start(path: string, socket: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(path, socket)
    await new Promise<void>((resolve) => proxy.#server.listen(path, resolve))
    return proxy
  }

  async hasGiven(bytes: number): Promise<void> {
    for (const deadline = performance.now() + 20_000; this.#given < bytes;) {
      if (performance.now() > deadline) throw new Error(`the engine has given ${this.#given} bytes only`)
      await pause(5)
    }
  }

  /** Breaks off what is under way. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
