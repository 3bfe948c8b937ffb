import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import { startHttpServer } from './http-server.ts'

/** A request that reached the server, whole. */
export interface WebhookRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/**
 * What it does with a request:
 * - answers with this
 * - `hang`: there is never an answer
 * - `drip`: an answer of trouble begins, and never ends
 * - `cut`: the connection is reset
 */
export type WebhookAnswer = WebhookReply | 'hang' | 'drip' | 'cut'

export interface WebhookReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface WebhookServer extends AsyncDisposable {
  /** On 127.0.0.1, ends with `/`. */
  readonly url: string
  readonly port: number
  readonly requests: readonly WebhookRequest[]
  /** Decides about each request, 1 being the first; 204 unless replaced. */
  answer: (request: WebhookRequest, number: number) => WebhookAnswer
  /** Resolves as soon as so many requests have come. */
  received(count: number): Promise<void>
}

/** A server that takes any request, remembers it, and answers or misbehaves as it is told. */
export async function startWebhookServer(options: { readonly tls?: ServerOptions } = {}): Promise<WebhookServer> {
  const requests: WebhookRequest[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  const server = await startHttpServer(take, options)
  const running: WebhookServer = {
    url: server.url,
    port: server.port,
    requests,
    answer: () => ({ status: 204 }),
    received(count) {
      if (requests.length >= count) return Promise.resolve()
      return new Promise((resolve) => waiting.push({ count, resolve }))
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
  return running

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url, headers } = request
    const received = { method: method!, path: url!, headers, body: await text(request) }
    requests.push(received)
    const number = requests.length
    for (const { resolve } of waiting.filter(({ count }) => count <= number)) resolve()
    reply(response, running.answer(received, number))
  }
}

function reply(response: ServerResponse, answer: WebhookAnswer): void {
  switch (answer) {
    case 'hang':
      return
    case 'drip':
      response.writeHead(500).write('a little')
      return
    case 'cut':
      response.socket?.resetAndDestroy()
      return
    default:
      response.writeHead(answer.status, answer.headers).end(answer.body)
  }
}
