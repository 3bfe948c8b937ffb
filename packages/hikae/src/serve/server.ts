import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { AccessLog } from './access-log.ts'
import type { Authenticator } from './credentials/authenticator.ts'
import { refusalOf } from './refusal.ts'
import { ClientGoneError, RefusedRequest } from './refused-request.ts'
import { discardBody, hasUnreadBody } from './request-body.ts'
import { parseTarget, type RequestTarget } from './request-target.ts'
import { answer, type Service } from './routes.ts'
import type { TlsContent } from './tls.ts'

/** Longer than restic keeps a connection that it does not use (90 s): it is never closed under a request. */
const KEEP_ALIVE_MS = 120_000
/** For all headers of a request, from the connection on: who sends them byte by byte holds it no longer. */
const HEADERS_MS = 30_000
/** For connections on which nothing moves, in either direction. Bodies have a stricter rule of their own. */
const IDLE_MS = 5 * 60_000
/** Each may hold some hundred KiB. */
const MOST_CONNECTIONS = 512

const CHALLENGE = { 'www-authenticate': 'Basic realm="hikae", charset="UTF-8"' }

export interface ServerParts {
  readonly service: Service
  /** Absent when nobody is asked for a name. */
  readonly authenticator: Authenticator | undefined
  /** Numbers are shown without credentials. */
  readonly openMetrics: boolean
  readonly tls: TlsContent | undefined
  readonly log: AccessLog | undefined
  /** Told why a request failed that should not have. */
  readonly onProblem: (problem: string) => void
}

/** An HTTP server that speaks restic's REST protocol; it does not listen yet. */
export function createRestServer(parts: ServerParts): Server {
  const used = new WeakSet<Socket>()
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    used.add(request.socket)
    void respond(request, response, parts)
  }
  const limits = {
    headersTimeout: HEADERS_MS,
    // Uploads may take long as long as they move; requests without a body are covered by the above.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 5_000,
    noDelay: true,
    handshakeTimeout: HEADERS_MS,
  }
  const server = parts.tls ? createTlsServer({ ...limits, ...parts.tls }, onRequest) : createServer(limits, onRequest)
  server.on(parts.tls ? 'secureConnection' : 'connection', (socket: Socket) => closeUnlessUsed(socket, used))
  server.maxConnections = MOST_CONNECTIONS
  server.timeout = IDLE_MS
  // The body is asked for when it is known to be wanted.
  server.on('checkContinue', onRequest)
  return server
}

/** A connection on which no request ever comes holds its place no longer than one whose request never ends. */
function closeUnlessUsed(socket: Socket, used: WeakSet<Socket>): void {
  const timer = setTimeout(() => {
    if (!used.has(socket)) socket.destroy()
  }, HEADERS_MS)
  socket.once('close', () => clearTimeout(timer))
}

/** Answers one request, whatever happens. */
async function respond(request: IncomingMessage, response: ServerResponse, parts: ServerParts): Promise<void> {
  let user: string | undefined
  // A connection may break at any time; whoever reads or writes is told by its own stream.
  request.on('error', () => undefined)
  response.on('error', () => undefined)
  parts.log?.follow(request, response, () => user)
  try {
    const isMetrics = request.url === '/metrics'
    user = isMetrics && parts.openMetrics ? '' : await userOf(request, parts)
    const target: RequestTarget = parseTarget(request.url ?? '')
    await answer({ request, response, user }, target, parts.service)
  } catch (error) {
    await respondWithError(request, response, error, parts)
  }
}

/** @throws {RefusedRequest} 401 */
async function userOf(request: IncomingMessage, { authenticator, onProblem }: ServerParts): Promise<string> {
  if (authenticator === undefined) return ''
  const { authorization } = request.headers
  const user = await authenticator.authenticate(authorization)
  if (user !== undefined) return user
  // The name is not repeated: it may be a password in the wrong place.
  if (authorization !== undefined)
    onProblem(`wrong user or password from ${request.socket.remoteAddress ?? 'a socket'}`)
  throw new RefusedRequest(401, 'who are you? user or password are missing or wrong', { headers: CHALLENGE })
}

async function respondWithError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  { onProblem }: ServerParts,
): Promise<void> {
  const { refusal, isOurs } = refusalOf(error)
  if (!(error instanceof ClientGoneError) && isOurs) onProblem(`${request.method} ${request.url}: ${describe(error)}`)
  if (error instanceof ClientGoneError || response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const text = `${refusal.message}\n`
  const isUnread = hasUnreadBody(request)
  response.statusCode = refusal.status
  for (const [name, value] of Object.entries(refusal.headers)) response.setHeader(name, value)
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.setHeader('content-length', Buffer.byteLength(text))
  if (isUnread) response.setHeader('connection', 'close')
  response.write(text)
  if (isUnread && request.headers.expect === undefined) await discardBody(request)
  response.end()
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
