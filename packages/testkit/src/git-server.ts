import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { startHttpServer } from './http-server.ts'
import { runOk } from './run-process.ts'

export interface GitServerOptions {
  /** Folder of bare repositories: `app.git` in it is at `url` + `app.git`. */
  readonly root: string
  /** What everybody has to give; none by default. */
  readonly login?: { readonly username: string; readonly password: string }
}

/** Real repositories over HTTP through `git http-backend`, with Git LFS beside them in memory. */
export interface GitServer extends AsyncDisposable {
  /** Ends with `/`. */
  readonly url: string
  /** Content of LFS objects by oid, of all repositories. */
  readonly lfs: Map<string, Buffer>
  /** Method and path of each request so far. */
  readonly requests: readonly string[]
  /** What came as `Authorization`, or `none`. */
  readonly logins: ReadonlySet<string>
  /**
   * From now on such requests get no answer, or only so much of it if it is longer; resolves when the first one has come so
   * far.
   */
  withhold(path: RegExp, options?: { afterBytes: number }): Promise<void>
  /** From now on such answers break off after so many bytes, if they are longer. */
  breakOff(path: RegExp, afterBytes: number): void
  /** From now on there is no such thing. */
  refuse(path: RegExp): void
  /** From now on everything is answered again. */
  heal(): void
}

export async function startGitServer({ root, login }: GitServerOptions): Promise<GitServer> {
  const lfs = new Map<string, Buffer>()
  const requests: string[] = []
  const logins = new Set<string>()
  const refused: RegExp[] = []
  const withheld: Withheld[] = []
  const broken: { path: RegExp; afterBytes: number }[] = []
  const backend = `${(await runOk('git', ['--exec-path'])).stdout.trim()}/git-http-backend`
  const expected = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`

  const server = await startHttpServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://host')
    requests.push(`${request.method} ${pathname}`)
    logins.add(request.headers.authorization ?? 'none')
    if (refused.some((path) => path.test(pathname))) {
      response.writeHead(404).end()
      return
    }
    if (expected !== undefined && request.headers.authorization !== expected) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end()
      return
    }
    const held = withheld.find(({ path }) => path.test(pathname))
    if (held && held.afterBytes === undefined) {
      held.arrived()
      return
    }
    if (/\/info\/lfs\/|\/lfs-objects\//.test(pathname)) await answerLfs(request, response, lfs)
    else
      await answerGit(request, response, { backend, root, held, cut: broken.find(({ path }) => path.test(pathname)) })
  })
  return {
    url: server.url,
    lfs,
    requests,
    logins,
    refuse: (path) => void refused.push(path),
    withhold: (path, options) =>
      new Promise((arrived) => withheld.push({ path, afterBytes: options?.afterBytes, arrived })),
    breakOff: (path, afterBytes) => void broken.push({ path, afterBytes }),
    heal() {
      withheld.length = 0
      broken.length = 0
      refused.length = 0
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

interface Withheld {
  readonly path: RegExp
  readonly afterBytes: number | undefined
  readonly arrived: () => void
}

interface Backend {
  readonly held: Withheld | undefined
  readonly backend: string
  readonly root: string
  readonly cut: { readonly afterBytes: number } | undefined
}

/** The protocol of `git http-backend` is CGI: headers, an empty line, the answer. */
async function answerGit(
  request: IncomingMessage,
  response: ServerResponse,
  { backend, root, held, cut }: Backend,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, 'http://host')
  const child = spawn(backend, [], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.receivepack',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_CONFIG_KEY_1: 'safe.directory',
      GIT_CONFIG_VALUE_1: '*',
      PATH_INFO: decodeURIComponent(pathname),
      QUERY_STRING: searchParams.toString(),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'tester',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.stdin.on('error', () => undefined)
  const isPacked = request.headers['content-encoding'] === 'gzip'
  ;(isPacked ? request.pipe(createGunzip()) : request).pipe(child.stdin)
  const output = await buffer(child.stdout)
  const end = output.indexOf('\r\n\r\n')
  const headers = output.toString('latin1', 0, end).split('\r\n')
  let status = 200
  for (const header of headers) {
    const [, name, value] = /^([^:]+): (.*)$/.exec(header) ?? []
    if (name === 'Status') status = Number.parseInt(value!, 10)
    else if (name !== undefined) response.setHeader(name, value!)
  }
  const body = output.subarray(end + 4)
  response.writeHead(status)
  if (held?.afterBytes !== undefined && body.length > held.afterBytes) {
    response.write(body.subarray(0, held.afterBytes), held.arrived)
    return
  }
  if (cut === undefined || body.length <= cut.afterBytes) response.end(body)
  else response.write(body.subarray(0, cut.afterBytes), () => response.destroy())
}

interface BatchRequest {
  readonly operation: 'download' | 'upload'
  readonly objects: readonly { readonly oid: string; readonly size: number }[]
}

/** The batch protocol with `basic` transfers; content is taken and given under `/lfs-objects/`. */
async function answerLfs(request: IncomingMessage, response: ServerResponse, lfs: Map<string, Buffer>): Promise<void> {
  const { pathname } = new URL(request.url!, 'http://host')
  const [, oid] = /\/lfs-objects\/([0-9a-f]{64})$/.exec(pathname) ?? []
  const body = await buffer(request)
  if (oid === undefined) {
    const { operation, objects } = JSON.parse(body.toString()) as BatchRequest
    const header = { Authorization: request.headers.authorization ?? 'none' }
    const answers = objects.map(({ oid, size }) => {
      const action = { href: `http://${request.headers.host}/lfs-objects/${oid}`, header }
      if (operation === 'upload') return { oid, size, ...(lfs.has(oid) ? {} : { actions: { upload: action } }) }
      return lfs.has(oid)
        ? { oid, size, actions: { download: action } }
        : { oid, size, error: { code: 404, message: 'object does not exist' } }
    })
    response.writeHead(200, { 'Content-Type': 'application/vnd.git-lfs+json' })
    response.end(JSON.stringify({ transfer: 'basic', objects: answers }))
    return
  }
  if (request.method === 'PUT') {
    const isRight = createHash('sha256').update(body).digest('hex') === oid
    if (isRight) lfs.set(oid, body)
    response.writeHead(isRight ? 200 : 422).end()
    return
  }
  response.writeHead(lfs.has(oid) ? 200 : 404).end(lfs.get(oid))
}
