import { createWriteStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface AccessLog extends AsyncDisposable {
  /** Writes a line when the answer is over. */
  follow(request: IncomingMessage, response: ServerResponse, user: () => string | undefined): void
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Where lines go that are not a file's. */
export type LineWriter = (line: string) => void

/** @param write takes one line without its end */
export function accessLogTo(write: LineWriter): AccessLog {
  return {
    follow: (request, response, user) => {
      const begun = new Date()
      // Known now and not later: a lost connection has no address.
      const address = request.socket.remoteAddress ?? '-'
      response.once('close', () => write(combinedLine({ address, user: user(), begun, request, response })))
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/**
 * Appends to a file that only its owner can read.
 *
 * @param onProblem told once when the file cannot be written; the server goes on
 */
export function accessLogIn(path: string, onProblem: (error: Error) => void): AccessLog {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 })
  let failed = false
  file.on('error', (error) => {
    failed = true
    onProblem(error)
  })
  return {
    ...accessLogTo((line) => {
      if (!failed) file.write(`${line}\n`)
    }),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        if (failed || file.closed) return resolve()
        file.once('close', () => resolve()).end()
      }),
  }
}

interface LogEntry {
  readonly address: string
  readonly user: string | undefined
  readonly begun: Date
  readonly request: Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headers'>
  readonly response: Pick<ServerResponse, 'statusCode' | 'getHeader'>
}

/** Apache's combined format, with times in UTC. */
export function combinedLine({ address, user, begun, request, response }: LogEntry): string {
  const time = `${two(begun.getUTCDate())}/${MONTHS[begun.getUTCMonth()]}/${begun.getUTCFullYear()}`
  const clock = [begun.getUTCHours(), begun.getUTCMinutes(), begun.getUTCSeconds()].map(two).join(':')
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`
  const bytes = response.getHeader('content-length') ?? '-'
  const { referer, 'user-agent': agent } = request.headers
  return [
    `${address} - ${user === undefined || user === '' ? '-' : escaped(user).replaceAll(' ', '\\x20')}`,
    `[${time}:${clock} +0000] "${escaped(line)}" ${response.statusCode} ${String(bytes)}`,
    `"${escaped(referer ?? '-')}" "${escaped(agent ?? '-')}"`,
  ].join(' ')
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

/** What a client says must not look like another line, or end a quotation. */
function escaped(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  )
}
