import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { parseRange } from './byte-range.ts'
import { ClientGoneError, RefusedRequest } from './refused-request.ts'

const READ_BYTES = 256 * 1024

/**
 * Sends a file, or the part of it that the client asks for. Closes the file.
 *
 * @returns bytes sent
 * @throws {RefusedRequest} 416
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { file, size }: { file: FileHandle; size: number },
): Promise<number> {
  await using _closing = { [Symbol.asyncDispose]: () => file.close() }
  const range = request.method === 'HEAD' ? undefined : parseRange(request.headers.range, size)
  if (range === 'unsatisfiable') {
    const headers = { 'content-range': `bytes */${size}` }
    throw new RefusedRequest(416, `the file has ${size} bytes`, { headers })
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  const length = end - start + 1
  response.statusCode = range ? 206 : 200
  response.setHeader('content-type', 'application/octet-stream')
  response.setHeader('content-length', length)
  response.setHeader('accept-ranges', 'bytes')
  if (range) response.setHeader('content-range', `bytes ${start}-${end}/${size}`)
  if (request.method === 'HEAD' || length === 0) {
    response.end()
    return 0
  }
  const content = file.createReadStream({ start, end, highWaterMark: READ_BYTES, autoClose: false })
  try {
    await pipeline(content, response)
  } catch (error) {
    if (response.destroyed && content.errored === error) throw error
    throw new ClientGoneError('the client has gone', { cause: error })
  }
  return length
}
