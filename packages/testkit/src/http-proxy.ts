import { once } from 'node:events'
import { Agent, createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'

/** One request that reached the proxy. */
export interface ProxiedRequest {
  readonly method: string
  /** As sent, with the query. */
  readonly path: string
  /** 1 for the first request of all. */
  readonly number: number
  /** 1 for the first request with the same method and the same path, the query aside: the first attempt. */
  readonly ofItsSort: number
}

export type HttpFault =
  /** The server sees nothing; the client gets this answer when it has sent all of its request. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The server does it and answers; the client's connection is reset instead. */
  | { readonly kind: 'lost-answer' }
  /** Connections on both sides end when so much of the body has reached the server; a shorter body arrives whole. */
  | { readonly kind: 'cut-upload'; readonly afterBytes: number }
  /** The connection closes after `afterBytes` of the answer's body, half by default; its headers promise all of it. */
  | { readonly kind: 'truncated-answer'; readonly afterBytes?: number }
  /** One byte of the answer's body is wrong, the middle one by default; an empty body is passed on as it is. */
  | { readonly kind: 'corrupt-answer'; readonly atByte?: number }
  /** The request reaches the server so much later. */
  | { readonly kind: 'delay'; readonly ms: number }

/** Decides for every request what goes wrong with it; undefined lets it pass. */
export type HttpFaultPlan = (request: ProxiedRequest) => HttpFault | undefined

export interface HttpProxyOptions {
  /** A server without TLS. Its path is part of {@link HttpProxy.url} only: requests keep their paths. */
  readonly target: URL
  readonly plan?: HttpFaultPlan
}

/** Disposing of it closes the port and every connection. */
export interface HttpProxy extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number
  /** The target with the proxy's host and port. */
  readonly url: URL
  /** May be replaced at any time. */
  plan: HttpFaultPlan
  /** All requests so far, in the order they came in. */
  readonly requests: readonly ProxiedRequest[]
}

export interface RequestMatch {
  readonly method?: string
  readonly path?: RegExp
  /** Only the n-th request that fits, 1 being the first; every one when absent. */
  readonly nth?: number
}

/** A plan of one fault: `requestFault({ method: 'PUT', path: /\/data\//, nth: 3 }, { kind: 'lost-answer' })`. */
export function requestFault(match: RequestMatch, fault: HttpFault): HttpFaultPlan {
  let fits = 0
  return ({ method, path }) => {
    if (match.method !== undefined && match.method !== method) return undefined
    if (match.path !== undefined && !match.path.test(path)) return undefined
    fits++
    return match.nth === undefined || match.nth === fits ? fault : undefined
  }
}

/**
 * A reverse proxy that spoils requests by plan. Headers pass as they are, Host among them, so that signatures of requests
 * stay valid.
 */
export async function startHttpProxy({ target, plan = () => undefined }: HttpProxyOptions): Promise<HttpProxy> {
  const agent = new Agent({ keepAlive: true })
  const requests: ProxiedRequest[] = []
  const counts = new Map<string, number>()
  let current = plan

  const server = createServer((request, response) => {
    const recorded = record(request, requests, counts)
    void pass({ request, response, target, agent, fault: current(recorded) }).catch(() => reset(response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`

  return {
    port,
    url,
    get plan() {
      return current
    },
    set plan(next) {
      current = next
    },
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
}

interface Passage {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly target: URL
  readonly agent: Agent
  readonly fault: HttpFault | undefined
}

function record({ method, url }: IncomingMessage, requests: ProxiedRequest[], counts: Map<string, number>) {
  const sort = `${method} ${url!.split('?')[0]}`
  const ofItsSort = (counts.get(sort) ?? 0) + 1
  counts.set(sort, ofItsSort)
  const recorded = { method: method!, path: url!, number: requests.length + 1, ofItsSort }
  requests.push(recorded)
  return recorded
}

async function pass(passage: Passage): Promise<void> {
  const { request, response, fault } = passage
  switch (fault?.kind) {
    case 'status':
      await bodyOf(request)
      response.writeHead(fault.status, fault.headers).end()
      return
    case 'cut-upload':
      await cutUpload(passage, fault.afterBytes)
      return
    case 'lost-answer':
      await bodyOf(await forward(passage))
      reset(response)
      return
    case 'truncated-answer':
    case 'corrupt-answer':
      await spoilAnswer(response, await forward(passage), fault)
      return
    case 'delay':
      await setTimeout(fault.ms)
      break
    case undefined:
      break
  }
  const answer = await forward(passage)
  writeHead(response, answer)
  for await (const chunk of answer) if (!response.write(chunk)) await drained(response)
  response.end()
}

/** Sends the request on, body and all. @returns the server's answer, as soon as it begins */
async function forward(passage: Passage): Promise<IncomingMessage> {
  const upstream = open(passage)
  // Some servers send a body where there is none, in answers to HEAD; that ends the connection, not the answer.
  upstream.on('error', () => undefined)
  passage.response.once('close', () => passage.response.writableFinished || upstream.destroy())
  passage.request.pipe(upstream)
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
  return answer
}

function open({ request, target, agent }: Passage) {
  const { hostname, port } = target
  const { method, url: path, rawHeaders } = request
  const options = { agent, hostname, port: port === '' ? 80 : port, method: method!, path: path! }
  return sendRequest({ ...options, headers: rawHeaders, setDefaultHeaders: false })
}

async function cutUpload(passage: Passage, afterBytes: number): Promise<void> {
  const upstream = open(passage)
  upstream.on('error', () => undefined) // the server may notice first
  let left = afterBytes
  for await (const chunk of passage.request as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, left)
    await new Promise((resolve) => upstream.write(part, resolve))
    left -= part.length
    if (left === 0) break
  }
  upstream.destroy()
  reset(passage.response)
}

async function spoilAnswer(
  response: ServerResponse,
  answer: IncomingMessage,
  fault: Extract<HttpFault, { kind: 'truncated-answer' | 'corrupt-answer' }>,
): Promise<void> {
  const body = await bodyOf(answer)
  writeHead(response, answer)
  if (fault.kind === 'corrupt-answer') {
    const position = fault.atByte ?? Math.floor(body.length / 2)
    if (position < body.length) body[position] = body[position]! ^ 1
    response.end(body)
    return
  }
  const left = body.subarray(0, fault.afterBytes ?? Math.floor(body.length / 2))
  response.flushHeaders()
  if (left.length > 0) await new Promise((resolve) => response.write(left, resolve))
  response.socket?.destroySoon()
}

function writeHead(response: ServerResponse, answer: IncomingMessage): void {
  response.writeHead(answer.statusCode!, answer.statusMessage, answer.rawHeaders)
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

async function drained(response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  const stop = (): void => gone.abort()
  response.once('close', stop)
  try {
    await once(response, 'drain', { signal: gone.signal })
  } finally {
    response.off('close', stop)
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat((await message.toArray()) as Buffer[])
}
