import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, request } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { BASE_IMAGE, makeTempDir, runOk, type TempDir, type TestDocker } from '@hikae/testkit'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'

/** Builds an image with these files on top of another one, each group a layer. @returns its id */
export async function buildImage(
  engine: TestDocker,
  name: string,
  layers: readonly Readonly<Record<string, string | Buffer>>[],
  { from = BASE_IMAGE, time }: { readonly from?: string; readonly time?: Date } = {},
): Promise<string> {
  await using context = await makeTempDir()
  const copies: string[] = []
  for (const [number, files] of layers.entries()) {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(context.join(`${number}/${path}`)), { recursive: true })
      await writeFile(context.join(`${number}/${path}`), content)
      if (time) await utimes(context.join(`${number}/${path}`), time, time)
    }
    copies.push(`COPY ${number} /`)
  }
  await writeFile(context.join('Dockerfile'), [`FROM ${from}`, ...copies, ''].join('\n'))
  await engine.docker('build', '--quiet', '--tag', name, context.path)
  return await idOf(engine, name)
}

/** @returns undefined when there is no such image */
export async function findId(engine: TestDocker, name: string): Promise<string | undefined> {
  const { exitCode, stdout } = await engine.tryDocker(['image', 'inspect', '--format', '{{.Id}}', name])
  return exitCode === 0 ? stdout.trim() : undefined
}

export async function idOf(engine: TestDocker, name: string): Promise<string> {
  return await engine.docker('image', 'inspect', '--format', '{{.Id}}', name)
}

/** What an export or a load leaves on the engine's disk, once it had the time to clean up. */
export async function leftFiles({ dataRoot }: TestDocker): Promise<string[]> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const left = (await readdir(join(dataRoot, 'tmp'))).filter((name) => name.startsWith('docker-'))
    if (left.length === 0 || performance.now() > deadline) return left
    await setTimeout(20)
  }
}

export interface ExportGate extends AsyncDisposable {
  /** `unix://…` of an engine that holds exports back. */
  readonly host: string
  /** How many have been asked for. */
  readonly exports: number
  /** Resolves when an export has begun, and some of it was let through. */
  begun(): Promise<void>
}

const EXPORT = /^GET \/(?:v[\d.]+\/)?images\/get\?/

/** A socket that leads to the engine, and lets the first bytes of an export through and no others. */
export async function holdExports(dir: TempDir, { socket }: TestDocker): Promise<ExportGate> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const sockets = new Set<Socket>()
  let exports = 0
  const path = dir.join('held.sock')
  const server = createServer((client) => {
    const upstream = connect(socket)
    for (const each of [client, upstream]) {
      sockets.add(each)
      each.on('error', () => undefined)
      each.on('close', () => {
        sockets.delete(each)
        client.destroy()
        upstream.destroy()
      })
    }
    let left: number | undefined
    client.on('data', (bytes: Buffer) => {
      if (EXPORT.test(bytes.toString('latin1'))) {
        left = 10_000
        exports++
      }
      upstream.write(bytes)
    })
    // What is held back is read all the same, so that the end of the connection is seen.
    upstream.on('data', (bytes: Buffer) => {
      if (left === undefined) return void client.write(bytes)
      client.write(bytes.subarray(0, left))
      left = Math.max(0, left - bytes.length)
      resolve()
    })
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    host: `unix://${path}`,
    get exports() {
      return exports
    },
    begun: () => promise,
    async [Symbol.asyncDispose]() {
      for (const each of sockets) each.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface NewExports extends AsyncDisposable {
  readonly host: string
  readonly exports: number
}

/** A socket that leads to the engine, and gives its exports in the form that engines from 25 on make: by digest. */
export async function newExports(dir: TempDir, engine: TestDocker): Promise<NewExports> {
  let exports = 0
  const proxy = await changeAnswers(dir, engine, {
    to: EXPORT,
    async change(found) {
      exports++
      return await newForm(dir, found)
    },
  })
  return {
    ...proxy,
    get exports() {
      return exports
    },
  }
}

/** A socket that leads to the engine, which says that it keeps its images in containerd, as engines from 29 on do. */
export async function withContainerd(
  dir: TempDir,
  engine: TestDocker,
): Promise<AsyncDisposable & { readonly host: string }> {
  return await changeAnswers(dir, engine, {
    to: /^GET \/(?:v[\d.]+\/)?info/,
    async change(found) {
      const info = (await json(found)) as object
      return Buffer.from(JSON.stringify({ ...info, DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] }))
    },
  })
}

interface ChangedAnswers {
  /** Method and path of what is asked. */
  readonly to: RegExp
  readonly change: (answer: AsyncIterable<Uint8Array>) => Promise<Buffer>
}

async function changeAnswers(
  dir: TempDir,
  { socket }: TestDocker,
  { to, change }: ChangedAnswers,
): Promise<AsyncDisposable & { readonly host: string }> {
  const path = dir.join('changed.sock')
  const server = createHttpServer((asked, answer) => {
    const { method, url, headers } = asked
    const forwarded = request({ socketPath: socket, method, path: url, headers }, (found) => {
      if (!to.test(`${method} ${url}`)) {
        answer.writeHead(found.statusCode!, found.headers)
        found.pipe(answer)
        return
      }
      change(found).then(
        (changed) => answer.writeHead(200, { 'content-type': found.headers['content-type'] }).end(changed),
        (error: unknown) => answer.destroy(error as Error),
      )
    })
    asked.pipe(forwarded)
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    host: `unix://${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function newForm(dir: TempDir, old: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const [from, to] = [dir.join('old-form'), dir.join('new-form')]
  await mkdir(from)
  await mkdir(join(to, 'blobs/sha256'), { recursive: true })
  await writeFile(dir.join('old.tar'), old)
  await runOk('tar', ['-C', from, '-xf', dir.join('old.tar')])
  type Listed = { Config: string; Layers: string[] }
  const [{ Config, Layers }] = JSON.parse(await readFile(join(from, 'manifest.json'), 'utf8')) as [Listed]
  const blob = async (file: string): Promise<string> => {
    const content = await readFile(join(from, file))
    const digest = createHash('sha256').update(content).digest('hex')
    await writeFile(join(to, 'blobs/sha256', digest), content)
    return `blobs/sha256/${digest}`
  }
  const manifest = [{ Config: await blob(Config), Layers: await Promise.all(Layers.map(blob)) }]
  await writeFile(join(to, 'manifest.json'), JSON.stringify(manifest))
  await writeFile(join(to, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  const names = ['blobs', 'manifest.json', 'oci-layout']
  await runOk('tar', ['-C', to, '--sort=name', '-cf', dir.join('new.tar'), ...names])
  return await readFile(dir.join('new.tar'))
}
