import type { ChunkProfile } from './profile.ts'
import type { Scanner } from './scanner.ts'

/** Scanning a few bytes at a time would cost more than it finds. */
const SCAN_STEP_BYTES = 256 * 1024

/**
 * Cuts a stream into chunks, wherever its pieces begin and end. Each chunk has a buffer of its own that may be
 * transferred. Holds no more than the scanner's buffer, one piece and one chunk; the scanner must not be used for
 * anything else until the stream has ended.
 *
 * @throws {RangeError} the scanner's buffer is smaller than the profile's largest chunk
 */
export async function* chunkStream(
  source: AsyncIterable<Uint8Array>,
  profile: ChunkProfile,
  scanner: Scanner,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { buffer } = scanner
  if (buffer.length < profile.maximum) {
    throw new RangeError(`a buffer of ${buffer.length} bytes cannot hold a chunk of ${profile.maximum}`)
  }
  let start = 0
  let end = 0
  let scanned = 0

  function* takeChunks(isLast: boolean): Generator<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const cut = scanner.nextCut(profile, start, end, isLast, scanned)
      if (cut < 0) break
      yield new Uint8Array(buffer.subarray(start, cut))
      start = cut
      scanned = cut
    }
    scanned = end
  }

  for await (const piece of source) {
    for (let taken = 0; taken < piece.length;) {
      if (end === buffer.length) {
        // What is left is shorter than the largest chunk, so there is room now.
        buffer.copyWithin(0, start, end)
        end -= start
        scanned -= start
        start = 0
      }
      const part = piece.subarray(taken, taken + buffer.length - end)
      buffer.set(part, end)
      taken += part.length
      end += part.length
      if (end - scanned >= SCAN_STEP_BYTES || end === buffer.length) yield* takeChunks(false)
    }
  }
  yield* takeChunks(true)
}
