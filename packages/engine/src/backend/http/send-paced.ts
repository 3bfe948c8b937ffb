import type { Writable } from 'node:stream'
import { BANDWIDTH_CHUNK_BYTES, type Bandwidth } from '../bandwidth.ts'

/**
 * Writes a body in small pieces, each when the limit allows it, and ends the stream. Stops early when the answer is there:
 * the server does not want the rest.
 *
 * @param answer settles with the answer or the end of the connection
 * @param watch is told while the limit is what is waited for
 */
export async function sendPaced(
  stream: Writable,
  body: Uint8Array,
  bandwidth: Bandwidth,
  answer: Promise<unknown>,
  watch: { pause(): { end(): void } },
  signal: AbortSignal | undefined,
): Promise<void> {
  let isAnswered = false
  const answered = answer.then(
    () => void (isAnswered = true),
    () => void (isAnswered = true),
  )
  for (let start = 0; start < body.length; start += BANDWIDTH_CHUNK_BYTES) {
    const piece = body.subarray(start, start + BANDWIDTH_CHUNK_BYTES)
    const pause = watch.pause()
    try {
      await bandwidth.send(piece.length, signal)
    } finally {
      pause.end()
    }
    if (isAnswered) return
    await Promise.race([new Promise<void>((resolve) => void stream.write(piece, () => resolve())), answered])
  }
  stream.end()
}
