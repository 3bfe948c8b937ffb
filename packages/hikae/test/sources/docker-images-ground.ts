import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { BASE_IMAGE, makeTempDir, type TempDir, type TestDocker } from '@hikae/testkit'
import { setTimeout } from 'node:timers/promises'

/** Builds an image with these files on top of another one, each group a layer. @returns its id */
export async function buildImage(
  engine: TestDocker,
  name: string,
  layers: readonly Readonly<Record<string, string | Buffer>>[],
  { from = BASE_IMAGE }: { readonly from?: string } = {},
): Promise<string> {
  await using context = await makeTempDir()
  const copies: string[] = []
  for (const [number, files] of layers.entries()) {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(context.join(`${number}/${path}`)), { recursive: true })
      await writeFile(context.join(`${number}/${path}`), content)
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
  /** Resolves when an export has begun, and some of it was let through. */
  begun(): Promise<void>
}

/** A socket that leads to the engine, and lets the first bytes of an export through and no others. */
export async function holdExports(dir: TempDir, { socket }: TestDocker): Promise<ExportGate> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const sockets = new Set<Socket>()
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
    let isExport = false
    client.on('data', (bytes: Buffer) => {
      isExport ||= /^GET \/(?:v[\d.]+\/)?images\/[^ ]+\/get/.test(bytes.toString('latin1'))
      upstream.write(bytes)
    })
    upstream.on('data', (bytes: Buffer) => {
      client.write(isExport ? bytes.subarray(0, 10_000) : bytes)
      if (!isExport) return
      upstream.pause()
      resolve()
    })
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    host: `unix://${path}`,
    begun: () => promise,
    async [Symbol.asyncDispose]() {
      for (const each of sockets) each.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
