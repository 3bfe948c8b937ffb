import { systemCode } from '../../errors.ts'
import { AlertError } from './alert-error.ts'
import { connectionError } from './connection-error.ts'
import { refusedError } from './refused-error.ts'

/** Of an answer no more is read; it is for error messages. */
const LONGEST_ANSWER = 4096

export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** JSON to a URL. */
export function jsonRequest(url: URL, content: unknown, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(content),
  }
}

/**
 * Sends one request once, through Node's `fetch`. Follows no redirect: tokens go where the stack file says, or nowhere.
 *
 * @throws {AlertError} there was no answer, or not the right one; says nothing of the address
 */
export async function sendRequest(
  { method, url, headers = {}, body }: HttpRequest,
  redact: (text: string) => string,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(url, {
    method,
    headers: { 'user-agent': 'hikae', ...headers },
    redirect: 'manual',
    signal,
    ...(body !== undefined && { body }),
  }).catch((error: unknown) => {
    throw connectionError(codeOf(error))
  })
  if (response.ok) return discard(response)
  const answer = await beginningOf(response).catch((error: unknown) => {
    throw connectionError(codeOf(error))
  })
  throw refusedError({ status: response.status, headers: response.headers, answer: redact(answer) })
}

/** @throws {AlertError} the secret is no address of the web */
export function webAddress(text: string, key: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url
  throw new AlertError(`what its ${key} refers to is not an http or https address`, {
    hint: 'put the whole address there, beginning with https://, without a user or password in it',
  })
}

/** The server took it; what more it has to say is of no use, and may be long. */
async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined) // the connection may end by itself
}

async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length >= LONGEST_ANSWER) break // leaving the loop cancels the rest
  }
  return text.slice(0, LONGEST_ANSWER)
}

function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof AggregateError) return systemCode(cause) ?? systemCode(cause.errors[0])
  return systemCode(cause) ?? systemCode(error)
}
