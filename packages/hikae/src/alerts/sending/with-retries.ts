import { InterruptedError } from '../../errors.ts'
import { AlertError } from './alert-error.ts'

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 1000
/** A server that wants to be left alone for longer gets nothing more: the program has other things to do. */
const LONGEST_PAUSE_MS = 30_000

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

export interface RetryOptions {
  readonly signal: AbortSignal
  /** Of one attempt. */
  readonly timeoutMs: number
  readonly sleep: Sleep
}

/**
 * Tries up to three times, as long as errors are transient; when a server says how long to wait, so long, up to 30 seconds.
 * An attempt that took too long is not repeated: what was sent may have arrived.
 *
 * @throws {AlertError} the last error
 * @throws {InterruptedError} the signal came during an attempt; during a pause, what `sleep` throws then
 */
export async function withRetries<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { signal, timeoutMs, sleep }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(work, signal, timeoutMs)
    if ('result' in outcome) return outcome.result
    const { failed } = outcome
    const pauseMs = failed.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1)
    if (!failed.transient || attempt === ATTEMPTS || pauseMs > LONGEST_PAUSE_MS) throw failed
    await sleep(pauseMs, signal)
  }
}

async function attemptOnce<T>(
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<{ result: T } | { failed: AlertError }> {
  if (signal.aborted) throw interrupted()
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    return { result: await work(AbortSignal.any([signal, limit])) }
  } catch (error) {
    if (signal.aborted) throw interrupted()
    if (limit.aborted) throw tookTooLong(timeoutMs)
    if (error instanceof AlertError) return { failed: error }
    throw error
  }
}

function interrupted(): InterruptedError {
  return new InterruptedError('interrupted before the alert was sent')
}

function tookTooLong(timeoutMs: number): AlertError {
  return new AlertError(`there was no answer within ${timeoutMs / 1000} s`, {
    hint: 'see whether the server is up, and whether a firewall or proxy is in between',
    timedOut: true,
  })
}
