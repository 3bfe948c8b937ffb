import http from 'node:http'
import https from 'node:https'
import { setImmediate } from 'node:timers/promises'
import { urlToHttpOptions } from 'node:url'
import type { Bandwidth } from '../bandwidth.ts'
import type { HttpRequest, HttpResponse, HttpSender } from './http-message.ts'
import { STUCK_AFTER_MS, type HttpOptions } from './http-options.ts'
import { secureContext } from './secure-context.ts'
import { sendPaced } from './send-paced.ts'
import { TransportError } from './transport-error.ts'
import { Watch } from './watch.ts'

/**
 * Requests over HTTP/1.1, with TLS or without. Connections stay open between requests. Nothing is repeated, redirected or
 * decoded.
 */
export class HttpClient implements HttpSender {
  readonly #options: HttpOptions
  #plain: http.Agent | undefined
  #secure: https.Agent | undefined

  constructor(options: HttpOptions) {
    this.#options = options
  }

  async send({ method, url, headers = {}, body, signal }: HttpRequest): Promise<HttpResponse> {
    signal?.throwIfAborted()
    const { bandwidth, stuckAfterMs = STUCK_AFTER_MS } = this.#options
    const request = this.#open(url, {
      method,
      headers: { ...headers, ...lengthOf(method, body) },
      timeout: stuckAfterMs,
    })
    const watch = new Watch(request, stuckAfterMs, signal)
    try {
      const answer = answerTo(request)
      const pace = bandwidth?.limitsUpload && body ? { bandwidth, body } : undefined
      if (!pace) request.end(body)
      const sent = pace && sendPaced(request, pace.body, pace.bandwidth, answer, watch, signal)
      const [message] = await Promise.race([Promise.all([answer, sent]), watch.aborted])
      return {
        status: message.statusCode!,
        headers: joined(message.headers),
        body: bodyOf(message, request, watch, bandwidth, signal),
      }
    } catch (error) {
      request.destroy()
      throw watch.reasonFor(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#plain?.destroy()
    this.#secure?.destroy()
  }

  #open(url: URL, options: http.RequestOptions): http.ClientRequest {
    const { hostname, port, path } = urlToHttpOptions(url)
    const target = { ...options, hostname, port: port || undefined, path }
    return url.protocol === 'https:'
      ? https.request({ ...target, agent: this.#secureAgent() })
      : http.request({ ...target, agent: this.#plainAgent() })
  }

  #plainAgent(): http.Agent {
    this.#plain ??= new http.Agent(this.#agentOptions())
    return this.#plain
  }

  #secureAgent(): https.Agent {
    this.#secure ??= new https.Agent({
      ...this.#agentOptions(),
      secureContext: secureContext(this.#options),
      rejectUnauthorized: !this.#options.insecureTls,
    })
    return this.#secure
  }

  #agentOptions(): http.AgentOptions {
    const { connections, proxyEnvironment } = this.#options
    return {
      keepAlive: true,
      maxSockets: connections,
      maxFreeSockets: connections,
      ...(proxyEnvironment && { proxyEnv: proxyEnvironment }),
    }
  }
}

/** Methods that have a body need its length, even when there is none. */
function lengthOf(method: string, body: Uint8Array | undefined): Record<string, string> {
  if (body) return { 'content-length': String(body.length) }
  return method === 'POST' || method === 'PUT' ? { 'content-length': '0' } : {}
}

async function answerTo(request: http.ClientRequest): Promise<http.IncomingMessage> {
  return await new Promise((resolve, reject) => {
    request.once('response', resolve)
    // Stays for good: a server that has answered may cut an upload that it does not want.
    request.on('error', reject)
    request.once('close', () => reject(new TransportError('CUT_SHORT', 'the connection was closed without an answer')))
  })
}

async function* bodyOf(
  message: http.IncomingMessage,
  request: http.ClientRequest,
  watch: Watch,
  bandwidth: Bandwidth | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of message as AsyncIterable<Buffer>) {
      const pause = watch.pause()
      await bandwidth?.receive(part.length, signal)
      yield part
      pause.end()
    }
    if (!message.complete)
      throw new TransportError('CUT_SHORT', 'the connection was closed in the middle of the answer')
  } catch (error) {
    throw watch.reasonFor(error)
  } finally {
    // Now the agent may have the connection for the next request, and what was written just before counts as finished.
    await setImmediate()
    // An answer before the end of the upload is a refusal.
    if (!request.writableFinished) request.destroy()
  }
}

function joined(headers: http.IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value!]))
}
