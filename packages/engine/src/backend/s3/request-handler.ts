import { Readable } from 'node:stream'
import type { HttpSender } from '../http/http-message.ts'

/** What the SDK asks of whoever sends its requests; a body is a string or bytes, as ours are. */
interface SdkRequest {
  readonly method: string
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Sends the SDK's requests over our own connections: certificates, proxies, limits and timeouts are those of all backends. */
export class SdkRequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' }
  readonly #sender: HttpSender

  constructor(sender: HttpSender) {
    this.#sender = sender
  }

  async handle(request: SdkRequest, { abortSignal }: { abortSignal?: unknown } = {}) {
    const { method, headers } = request
    const body = bytesOf(request.body)
    const answer = await this.#sender.send({
      method,
      url: urlOf(request),
      headers,
      ...(body && { body }),
      ...(abortSignal instanceof AbortSignal && { signal: abortSignal }),
    })
    const response = { statusCode: answer.status, headers: { ...answer.headers }, body: Readable.from(answer.body) }
    return { response }
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {}
  }

  /** The sender is not ours. */
  destroy(): void {}
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string') return Buffer.from(body)
  if (body instanceof Uint8Array) return body
  throw new TypeError('the SDK sent a body of a kind that none of our requests has')
}

/** The path and the query exactly as the signature has them. */
function urlOf({ protocol, hostname, port, path, query = {} }: SdkRequest): URL {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((single) => `${escaped(name)}=${escaped(single)}`),
  )
  const host = port === undefined ? hostname : `${hostname}:${port}`
  return new URL(`${protocol}//${host}${path}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`)
}

function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
