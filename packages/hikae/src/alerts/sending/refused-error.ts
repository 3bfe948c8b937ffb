import { AlertError } from './alert-error.ts'

const LONGEST_REASON = 200

export interface Refusal {
  readonly status: number
  readonly headers: Headers
  /** Without secrets. */
  readonly answer: string
}

/** What a server answered instead of taking the alert. */
export function refusedError({ status, headers, answer }: Refusal): AlertError {
  if (status >= 300 && status < 400) {
    return new AlertError(`the server answered ${status}: it redirects, which is not followed with secrets`, {
      hint: 'put the address there that the server redirects to',
    })
  }
  const reason = reasonIn(answer)
  const retryAfterMs = retryAfter(headers, answer)
  return new AlertError(`the server answered ${status}${reason === '' ? '' : `: ${reason}`}`, {
    hint: hintFor(status),
    transient: status === 408 || status === 429 || status >= 500,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) return 'see whether the token is right and may still be used'
  if (status === 404 || status === 410)
    return 'the address is not known there (any more): make a new one, and put it there'
  if (status === 429) return 'too much was sent in a short time; the alert is tried again later'
  if (status >= 500) return 'the service has trouble of its own; the alert is tried again later'
  return 'see whether the options of this alert are right'
}

/** The sentence that services put into their JSON, or the text as it is. */
function reasonIn(answer: string): string {
  const json = parsed(answer)
  const sentence = [json?.['description'], json?.['message'], json?.['error']].find((one) => typeof one === 'string')
  const text = sentence ?? (/^\s*</.test(answer) ? '' : answer) // a page of HTML says nothing
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_REASON)
}

/** As Discord and Telegram say it in their JSON, or the header: seconds, or a date. */
function retryAfter(headers: Headers, answer: string): number | undefined {
  const json = parsed(answer)
  const parameters = json?.['parameters'] as Record<string, unknown> | undefined
  const inJson = json?.['retry_after'] ?? parameters?.['retry_after']
  if (typeof inJson === 'number' && inJson >= 0) return Math.ceil(inJson * 1000)
  const header = headers.get('retry-after')
  if (header === null) return undefined
  if (/^\d+(\.\d+)?$/.test(header)) return Math.ceil(Number(header) * 1000)
  const dates = [Date.parse(header), Date.parse(headers.get('date') ?? '')] as const
  return dates.some(Number.isNaN) ? undefined : Math.max(0, dates[0] - dates[1])
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined // not JSON
  }
}
