import { TransportError } from './transport-error.ts'

export interface HttpRequest {
  readonly method: string
  /** User and password in it are not used. */
  readonly url: URL
  /** The length of the body is added. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent whole, not kept; must not change until the answer is there. */
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case; what came several times is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * To be read once, or discarded: until then the connection is taken. Throws {@link TransportError} when the answer is cut
   * short, and the reason of an abort.
   */
  readonly body: AsyncIterable<Uint8Array>
}

/** Something that can ask a server: over connections of its own, or over the pipe to a program. */
export interface HttpSender extends AsyncDisposable {
  /**
   * Sends one request, once, and returns when status and headers of the answer are there. Redirections are answers.
   *
   * @throws {TransportError} or a system's error, for {@link explainTransport}; the reason of an abort
   */
  send(request: HttpRequest): Promise<HttpResponse>
}

export interface ReadBodyOptions {
  /** What the body must have, neither more nor less. */
  readonly expectedBytes?: number
}

/**
 * The whole body, in memory of the caller's own.
 *
 * @throws {TransportError} cut short, or not as long as expected
 */
export async function readBody(response: HttpResponse, options: ReadBodyOptions = {}): Promise<Uint8Array> {
  const announced = announcedBytes(response)
  const expected = options.expectedBytes ?? announced
  if (announced !== undefined && expected !== undefined && announced !== expected) {
    await discardBody(response)
    throw wrongLength(announced, expected)
  }
  // Only a length that the server confirmed is a reason to reserve memory: the caller's may come from damaged data.
  const content = announced === undefined ? await gather(response, expected) : await fill(response, announced)
  if (expected !== undefined && content.length !== expected) throw wrongLength(content.length, expected)
  return content
}

/** Reads a short body to its end, so that the connection can be used again; gives up long ones, and the connection. */
export async function discardBody(response: HttpResponse): Promise<void> {
  await readText(response, 0)
}

/** Beginning of a body that says what went wrong. Never throws: such words are only an extra. */
export async function readText(response: HttpResponse, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const part of response.body) {
      if (bytes < maxBytes) parts.push(part)
      bytes += part.length
      if (bytes > WORTH_READING) break
    }
  } catch {
    // What came until then is all there is.
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString()
}

/** `Content-Length`, when the answer has one that is a number. */
export function announcedBytes({ headers }: HttpResponse): number | undefined {
  const value = headers['content-length']
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

/** Bytes that are cheaper to read than a new connection is to make. */
const WORTH_READING = 64 * 1024

async function fill(response: HttpResponse, bytes: number): Promise<Uint8Array> {
  const content = Buffer.allocUnsafeSlow(bytes)
  let position = 0
  for await (const part of response.body) {
    if (position + part.length > bytes) throw wrongLength(position + part.length, bytes)
    content.set(part, position)
    position += part.length
  }
  if (position < bytes) throw wrongLength(position, bytes)
  return content
}

async function gather(response: HttpResponse, maxBytes: number | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body) {
    parts.push(part)
    bytes += part.length
    if (maxBytes !== undefined && bytes > maxBytes) throw wrongLength(bytes, maxBytes)
  }
  const content = Buffer.allocUnsafeSlow(bytes)
  let position = 0
  for (const part of parts) {
    content.set(part, position)
    position += part.length
  }
  return content
}

function wrongLength(bytes: number, expected: number): TransportError {
  if (bytes < expected) {
    return new TransportError('CUT_SHORT', `the answer ended after ${bytes} of ${expected} bytes`)
  }
  return new TransportError('TOO_LONG', `the answer has ${bytes} bytes or more, ${expected} were expected`)
}
