import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerOptions } from 'node:https'
import { startHttpServer } from './http-server.ts'

/**
 * What goes wrong with one request:
 * - an answer at once, with this status and headers, whatever was asked
 * - `lost`: it is done, and then the connection is cut instead of an answer
 * - `truncated`: the connection is cut in the middle of the answer's body
 * - `silent`: there is never an answer
 */
export type RestFault = { readonly status: number; readonly headers?: Record<string, string> } | RestFaultKind
export type RestFaultKind = 'lost' | 'truncated' | 'silent'

export interface RestServerOptions {
  readonly appendOnly?: boolean
  readonly user?: string
  readonly password?: string
  /** Lists of names only, as old servers send them. */
  readonly version?: 1 | 2
  /** Refuses content that does not have the hash by which it is named. */
  readonly verifiesNames?: boolean
  readonly tls?: ServerOptions
  readonly port?: number
  /** What is stored, by path below the base; given again, it survives a restart. */
  readonly files?: Map<string, Buffer>
}

export interface RestServer extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string
  readonly port: number
  readonly files: Map<string, Buffer>
  /** Methods and paths of all requests, in their order, such as `GET data/`. */
  readonly requests: readonly string[]
  /** Decides about each request, named as in `requests`, whether something goes wrong with it. */
  misbehave: (request: string) => RestFault | undefined
}

const BASE = '/repository/'
const FILE = /^(config|(data|index|keys|locks|snapshots)\/[0-9a-f]{64})$/
const FOLDER = /^(data|index|keys|locks|snapshots)\/$/
const VERSION_2 = 'application/vnd.x.restic.rest.v2'

/** A server of restic's REST protocol that holds everything in memory, as strict as rest-server, and fails when it is told to. */
export async function startRestServer(options: RestServerOptions = {}): Promise<RestServer> {
  const { files = new Map<string, Buffer>(), tls, port } = options
  const requests: string[] = []
  const server = await startHttpServer(answer, { ...(tls && { tls }), ...(port !== undefined && { port }) })
  const running: RestServer = {
    url: new URL(BASE, server.url).href,
    port: server.port,
    files,
    requests,
    misbehave: () => undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return running

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url!, 'http://localhost')
    const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : undefined
    const name = `${request.method} ${path ?? pathname}${search}`
    requests.push(name)
    const fault = running.misbehave(name)
    if (fault === 'silent') return
    if (typeof fault === 'object') {
      request.resume()
      response.writeHead(fault.status, fault.headers).end('as it was told\n')
      return
    }
    const result = path === undefined ? NOT_FOUND : await work(request, path, search)
    if (result === undefined) return
    if (fault === 'lost') request.socket.destroy()
    else reply(response, result, { headOnly: request.method === 'HEAD', cut: fault === 'truncated' })
  }

  /** @returns undefined when the client has gone */
  async function work(request: IncomingMessage, path: string, search: string): Promise<Result | undefined> {
    if (!isAllowed(request)) return { status: 401 }
    const { method } = request
    if (path === '' && method === 'POST' && search === '?create=true') return { status: 200 }
    if (FOLDER.test(path) && method === 'GET') return list(path, request.headers.accept)
    if (!FILE.test(path)) return NOT_FOUND
    switch (method) {
      case 'HEAD':
      case 'GET':
        return load(files.get(path), method === 'GET' ? request.headers.range : undefined)
      case 'POST':
        return await save(request, path)
      case 'DELETE':
        if (options.appendOnly && !path.startsWith('locks/')) return { status: 403 }
        files.delete(path)
        return { status: 200 }
      default:
        return { status: 405 }
    }
  }

  function isAllowed({ headers }: IncomingMessage): boolean {
    if (options.user === undefined) return true
    const wanted = Buffer.from(`${options.user}:${options.password ?? ''}`).toString('base64')
    return headers.authorization === `Basic ${wanted}`
  }

  function list(folder: string, accept: string | undefined): Result {
    const paths = [...files.keys()].filter((path) => path.startsWith(folder))
    const listed = paths.map((path) => ({ name: path.slice(folder.length), size: files.get(path)!.length }))
    if (options.version === 1 || accept !== VERSION_2) {
      const names = JSON.stringify(listed.map(({ name }) => name))
      return { status: 200, headers: { 'content-type': 'application/vnd.x.restic.rest.v1' }, body: Buffer.from(names) }
    }
    const body = Buffer.from(listed.length === 0 ? 'null' : JSON.stringify(listed))
    return { status: 200, headers: { 'content-type': VERSION_2 }, body }
  }

  async function save(request: IncomingMessage, path: string): Promise<Result | undefined> {
    const body = await bodyOf(request)
    if (body === undefined) return undefined
    if (files.has(path)) return { status: 403 }
    const hash = createHash('sha256').update(body).digest('hex')
    if (options.verifiesNames && path !== 'config' && !path.endsWith(`/${hash}`)) return { status: 400 }
    files.set(path, body)
    return { status: 200 }
  }
}

interface Result {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: Buffer
}

const NOT_FOUND: Result = { status: 404 }

function load(content: Buffer | undefined, range: string | undefined): Result {
  if (content === undefined) return NOT_FOUND
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  if (from === undefined) return { status: 200, body: content }
  const start = Number(from)
  if (start >= content.length) return { status: 416, headers: { 'content-range': `bytes */${content.length}` } }
  const end = Math.min(to ? Number(to) + 1 : content.length, content.length)
  const headers = { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }
  return { status: 206, headers, body: content.subarray(start, end) }
}

/** @returns undefined when the client went away before the end */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  try {
    for await (const part of request) parts.push(part as Buffer)
  } catch {
    return undefined
  }
  return request.complete ? Buffer.concat(parts) : undefined
}

function reply(
  response: ServerResponse,
  { status, headers, body = Buffer.alloc(0) }: Result,
  { headOnly, cut }: { headOnly: boolean; cut: boolean },
): void {
  response.writeHead(status, { ...headers, 'content-length': body.length })
  if (cut) response.write(body.subarray(0, body.length / 2), () => response.socket?.destroy())
  else response.end(headOnly ? undefined : body)
}
