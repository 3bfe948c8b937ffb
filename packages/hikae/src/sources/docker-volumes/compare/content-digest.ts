import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import type { FileContent } from '@hikae/engine'

/** How much of a file is read at once. */
const PIECE_BYTES = 1024 * 1024

/** @returns SHA-256, and how many bytes there were @throws what reading throws */
export async function contentDigest(
  content: Exclude<FileContent, { readonly kind: 'link' }>,
  signal: AbortSignal,
): Promise<{ readonly digest: string; readonly bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of content.kind === 'stream' ? content.open(signal) : readPath(content.path, signal)) {
    hash.update(piece)
    bytes += piece.length
  }
  return { digest: hash.digest('hex'), bytes }
}

/** What has become a link since it was found is not followed. */
function readPath(path: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  // Node's types have them as text only; numbers go to open(2) as they are.
  return createReadStream(Buffer.from(path), { flags: flags as never, highWaterMark: PIECE_BYTES, signal })
}
