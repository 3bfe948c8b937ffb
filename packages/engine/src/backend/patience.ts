import { setTimeout } from 'node:timers/promises'
import { KnownError } from '../errors.ts'
import { BackendError, type FileKind } from './backend.ts'

export type BackendOperation = 'open' | 'create' | 'read' | 'write' | 'size' | 'list' | 'remove'

export interface BackendCall {
  readonly operation: BackendOperation
  /** Absent for `open` and `create`. */
  readonly kind?: FileKind
  /** Absent for `open`, `create` and `list`. */
  readonly fileName?: string
}

export interface RetryEvent extends BackendCall {
  readonly error: KnownError
  /** How often this has failed in a row. */
  readonly failures: number
  /** How long the next attempt is waited for. */
  readonly delayMs: number
}

export interface RetryOptions {
  /** No attempt starts later than this after the first failure, except the one retry that is always made; 15 minutes. */
  readonly maxElapsedMs?: number
  /** Ends all waiting; the signals of single calls count as well. */
  readonly signal?: AbortSignal
  readonly onRetry?: (event: RetryEvent) => void
  /** Waits; rejects when the signal aborts first. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>
  /** 0 to 1, for the spread of the delays. */
  readonly random?: () => number
  /** Milliseconds of any steady clock. */
  readonly now?: () => number
}

const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 60_000
const MAX_ELAPSED_MS = 15 * 60_000

/**
 * How long one call is tried again. The delays are 1 s, 2 s, 4 s and so on up to a minute, each shortened by up to a half
 * at random, so that many clients of a server that was away do not come back together. A server that names a later time is
 * not called before it.
 */
export class Patience {
  readonly #call: BackendCall
  readonly #options: RetryOptions
  readonly #callSignal: AbortSignal | undefined
  #failures = 0
  #firstFailure = 0

  constructor(call: BackendCall, signal: AbortSignal | undefined, options: RetryOptions) {
    this.#call = call
    this.#options = options
    this.#callSignal = signal
  }

  /** The call has come further: the next failure counts as the first. */
  reset(): void {
    this.#failures = 0
  }

  /** Returns when the call should be tried again; throws `error` when it should not, and the reason of an abort. */
  async waitAfter(error: unknown): Promise<void> {
    const signal = this.#signal()
    signal?.throwIfAborted()
    if (!(error instanceof KnownError) || !error.transient) throw error
    const { now = () => performance.now(), maxElapsedMs = MAX_ELAPSED_MS } = this.#options
    this.#failures++
    if (this.#failures === 1) this.#firstFailure = now()
    const delayMs = Math.max(this.#delay(), error instanceof BackendError ? (error.retryAfterMs ?? 0) : 0)
    if (this.#failures > 1 && now() + delayMs - this.#firstFailure > maxElapsedMs) throw error
    this.#options.onRetry?.({ ...this.#call, error, failures: this.#failures, delayMs })
    await this.#sleep(delayMs, signal)
  }

  #delay(): number {
    const { random = Math.random } = this.#options
    const whole = Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 1), LONGEST_DELAY_MS)
    return whole * (0.5 + random() / 2)
  }

  #signal(): AbortSignal | undefined {
    const ofCall = this.#callSignal
    const ofAll = this.#options.signal
    return ofCall && ofAll ? AbortSignal.any([ofCall, ofAll]) : (ofCall ?? ofAll)
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { sleep = (ms, signal) => setTimeout(ms, undefined, signal && { signal }) } = this.#options
    try {
      await sleep(ms, signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  }
}
