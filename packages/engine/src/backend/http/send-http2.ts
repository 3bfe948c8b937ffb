import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { Bandwidth } from '../bandwidth.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'
import { STUCK_AFTER_MS, type HttpOptions } from './http-options.ts'
import { sendPaced } from './send-paced.ts'
import { TransportError } from './transport-error.ts'
import { Watch } from './watch.ts'

/**
 * Sends one request over an HTTP/2 connection that is open, beside others.
 *
 * @throws {TransportError} the stream or the connection ended; the reason of an abort
 */
export async function sendHttp2(
  session: ClientHttp2Session,
  { method, url, headers = {}, body, signal }: HttpRequest,
  { bandwidth, stuckAfterMs = STUCK_AFTER_MS }: Pick<HttpOptions, 'bandwidth' | 'stuckAfterMs'>,
): Promise<HttpResponse> {
  signal?.throwIfAborted()
  const stream = openStream(
    session,
    {
      ...headers,
      ':method': method,
      ':path': `${url.pathname}${url.search}`,
      ...(body && { 'content-length': String(body.length) }),
    },
    body === undefined,
  )
  stream.setTimeout(stuckAfterMs)
  const watch = new Watch(stream, stuckAfterMs, signal)
  try {
    const answer = answerTo(stream)
    const pace = bandwidth?.limitsUpload && body ? { bandwidth, body } : undefined
    if (body && !pace) stream.end(body)
    const sent = pace && sendPaced(stream, pace.body, pace.bandwidth, answer, watch, signal)
    const [received] = await Promise.race([Promise.all([answer, sent]), watch.aborted])
    return {
      status: Number(received[':status']),
      headers: joined(received),
      body: bodyOf(stream, watch, bandwidth, signal),
    }
  } catch (error) {
    stream.close(constants.NGHTTP2_CANCEL)
    throw ended(watch.reasonFor(error))
  }
}

function openStream(session: ClientHttp2Session, headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
  try {
    return session.request(headers, { endStream })
  } catch (error) {
    throw ended(error)
  }
}

async function answerTo(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  return await new Promise((resolve, reject) => {
    stream.once('response', resolve)
    // Stays for good: a server that has answered may cut an upload that it does not want.
    stream.on('error', reject)
    stream.once('close', () => reject(new TransportError('CUT_SHORT', 'the connection was closed without an answer')))
  })
}

async function* bodyOf(
  stream: ClientHttp2Stream,
  watch: Watch,
  bandwidth: Bandwidth | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of partsOf(stream)) {
      const pause = watch.pause()
      await bandwidth?.receive(part.length, signal)
      yield part
      pause.end()
    }
  } catch (error) {
    throw ended(watch.reasonFor(error))
  } finally {
    // An answer before the end of the upload is a refusal.
    if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL)
  }
}

/**
 * Node's own iterator takes a stream that the server has finished for one that was cut, when it begins to read only then.
 */
async function* partsOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer> {
  while (!stream.readableEnded) {
    const part = stream.read() as Buffer | null
    if (part !== null) yield part
    else if (stream.destroyed) break
    else await nextOf(stream, ['readable', 'end', 'close'])
  }
  if (stream.errored) throw stream.errored
  if (!stream.readableEnded || stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
    throw new TransportError('CUT_SHORT', 'the connection was closed in the middle of the answer')
  }
}

async function nextOf(stream: ClientHttp2Stream, events: readonly string[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const event of events) stream.once(event, resolve)
  await promise
  for (const event of events) stream.off(event, resolve)
}

/** Node's many words for a stream that came to its end too early. */
function ended(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!/^(ERR_HTTP2_|ERR_STREAM_|EPIPE$|ECONNRESET$)/.test(code)) return error
  return new TransportError('CUT_SHORT', 'the connection was cut', error)
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(([name, value]) => value !== undefined && !name.startsWith(':'))
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value!]))
}
