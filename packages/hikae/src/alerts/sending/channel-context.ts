import { setTimeout } from 'node:timers/promises'
import type { Environment } from '../../environment.ts'
import { readSecret, type SecretReference } from '../../secrets/secret.ts'
import { AlertError } from './alert-error.ts'
import { Redaction } from './redaction.ts'
import { type HttpRequest, sendRequest } from './http-request.ts'
import { type Sleep, withRetries } from './with-retries.ts'

/** How long one attempt may take. */
const TIMEOUT_MS = 20_000

export interface SendOptions {
  readonly env: Environment
  readonly signal: AbortSignal
  /** Of one attempt; 20 seconds unless told. */
  readonly timeoutMs?: number
  /** Waits between attempts. */
  readonly sleep?: Sleep
  /** Relative paths of secrets begin here, the folder of the stack file. */
  readonly resolvePath?: (path: string) => string
}

/** What a channel sends with. */
export interface ChannelContext {
  /** For messages: `alerts[1].discord`. */
  readonly place: string
  /** Never in a message that is made with `redact`. */
  secret(reference: SecretReference, key: string): Promise<string>
  /** Takes out all that `secret` has given, and what `hide` was told. */
  redact(text: string): string
  hide(text: string): void
  /** A file that the stack file names. */
  path(path: string): string
  /** Does it within the time that one attempt has; again, a few times, when an error is transient. */
  attempt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** One request, with attempts. */
  request(request: HttpRequest): Promise<void>
}

export function openChannelContext(place: string, options: SendOptions): ChannelContext {
  const { signal, timeoutMs = TIMEOUT_MS, sleep = wait } = options
  const redaction = new Redaction()
  const resolve = options.resolvePath ?? ((path: string) => path)
  const context: ChannelContext = {
    place,
    async secret(reference, key) {
      const resolved = reference.kind === 'file' ? { ...reference, path: resolve(reference.path) } : reference
      const limit = AbortSignal.timeout(timeoutMs)
      const given = { env: options.env, signal: AbortSignal.any([signal, limit]) }
      const value = await readSecret(resolved, `${key} of ${place}`, given).catch((error: unknown) => {
        if (reference.kind !== 'command' || !limit.aborted || signal.aborted) throw error
        throw new AlertError(`the command for its ${key} did not end within ${timeoutMs / 1000} s`, {
          hint: 'run the same command by hand to see what it waits for',
        })
      })
      redaction.hide(value)
      return value
    },
    redact: (text) => redaction.redact(text),
    hide: (text) => redaction.hide(text),
    path: resolve,
    attempt: (work) => withRetries(work, { signal, timeoutMs, sleep }),
    request: (request) => context.attempt((limit) => sendRequest(request, (text) => redaction.redact(text), limit)),
  }
  return context
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal })
}
