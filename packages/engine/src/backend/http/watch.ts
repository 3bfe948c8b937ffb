import type { ClientRequest } from 'node:http'
import type { ClientHttp2Stream } from 'node:http2'
import { TransportError } from './transport-error.ts'

/**
 * Ends a request that is aborted or stuck, and remembers which. The connection itself tells when it was idle for too long,
 * also in the middle of a single large write; it has been told already how long that is.
 */
export class Watch {
  /** Rejects when the signal aborts: a request that still waits for a connection reports nothing itself. */
  readonly aborted: Promise<never>
  readonly #signal: AbortSignal | undefined
  #stuck: TransportError | undefined
  #pauses = 0

  constructor(request: ClientRequest | ClientHttp2Stream, stuckAfterMs: number, signal: AbortSignal | undefined) {
    this.#signal = signal
    request.on('timeout', () => {
      if (this.#pauses > 0) {
        if ('socket' in request) request.socket?.setTimeout(stuckAfterMs)
        else request.setTimeout(stuckAfterMs)
        return
      }
      this.#stuck = new TransportError('STUCK', `nothing was sent or received for ${Math.round(stuckAfterMs / 1000)} s`)
      request.destroy(this.#stuck)
    })
    const { promise, reject } = Promise.withResolvers<never>()
    this.aborted = promise
    promise.catch(() => undefined) // only `send` waits for it
    const onAbort = (): void => {
      request.destroy()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    request.once('close', () => signal?.removeEventListener('abort', onAbort))
  }

  /** While it lasts, it is not the server that is waited for. */
  pause(): { end(): void } {
    this.#pauses++
    return { end: () => void this.#pauses-- }
  }

  /** What to throw for an error that may be the consequence of our own ending of the request. */
  reasonFor(error: unknown): unknown {
    return this.#signal?.aborted ? this.#signal.reason : (this.#stuck ?? error)
  }
}
