import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { errorMessage } from '../errors.ts'
import { ClientGoneError, RefusedRequest } from './refused-request.ts'

/** A sender that brings less than this in {@link PATIENCE_MS} is given up: it only holds a connection. */
const LEAST_BYTES = 4096
const PATIENCE_MS = 60_000

/** What is still read of a body that is refused, so that the sender gets to see why. */
const DISCARD_BYTES = 64 * 1024 * 1024
const DISCARD_MS = 10_000

/** Bytes that the request says it brings; undefined when it brings as many as it likes (chunked). */
export function announcedBytes(request: IncomingMessage): number | undefined {
  if (request.headers['transfer-encoding'] !== undefined) return undefined
  return Number(request.headers['content-length'] ?? 0)
}

/**
 * The body of a request, piece by piece as the reader asks for it.
 *
 * @param limitBytes more is refused, before or while it comes
 * @throws {RefusedRequest} 413
 * @throws {ClientGoneError} the connection was lost, or is as good as lost
 */
export async function* receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  limitBytes: number,
): AsyncGenerator<Uint8Array> {
  if ((announcedBytes(request) ?? 0) > limitBytes) throw tooLarge(limitBytes)
  if (request.headers.expect !== undefined) response.writeContinue()
  let received = 0
  let before = 0
  const watch = setInterval(() => {
    if (received - before < LEAST_BYTES) request.destroy(new Error('nothing comes any more'))
    before = received
  }, PATIENCE_MS)
  try {
    // Whoever stops reading still wants to answer.
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      received += piece.length
      if (received > limitBytes) throw tooLarge(limitBytes)
      yield piece
    }
  } catch (error) {
    if (error instanceof RefusedRequest) throw error
    throw new ClientGoneError(`the client has gone: ${errorMessage(error)}`, { cause: error })
  } finally {
    clearInterval(watch)
  }
}

/** Whether something of the body is still to come. */
export function hasUnreadBody(request: IncomingMessage): boolean {
  return !request.complete && announcedBytes(request) !== 0
}

/** Lets a client finish sending what nobody wants, within reason. The connection is of no use afterwards. */
export async function discardBody(request: IncomingMessage): Promise<void> {
  let discarded = 0
  const done = new AbortController()
  const end = new Promise<void>((resolve) => {
    request.on('data', (piece: Buffer) => {
      discarded += piece.length
      if (discarded > DISCARD_BYTES) resolve()
    })
    for (const event of ['end', 'close', 'error'] as const) request.once(event, () => resolve())
  })
  await Promise.race([end, delay(DISCARD_MS, undefined, { signal: done.signal }).catch(() => undefined)])
  done.abort()
  request.pause()
}

function tooLarge(limitBytes: number): RefusedRequest {
  return new RefusedRequest(413, `a file of this kind may have ${limitBytes} bytes`)
}
