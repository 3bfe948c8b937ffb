import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileEntry } from '@hikae/engine'

/** How much of a file is read at once, at most. */
const PIECE_BYTES = 256 * 1024

/** What is to be read: a link has no content of its own. */
export interface FileToRead {
  readonly content: Exclude<FileEntry['content'], { readonly kind: 'link' }>
  readonly metadata: Pick<FileEntry['metadata'], 'size'>
}

/** @returns SHA-256, and how many bytes there were @throws what reading throws */
export async function contentDigest(
  { content, metadata: { size } }: FileToRead,
  signal: AbortSignal,
): Promise<{ readonly digest: string; readonly bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of content.kind === 'stream' ? content.open(signal) : readPath(content.path, size, signal)) {
    hash.update(piece)
    bytes += piece.length
  }
  return { digest: hash.digest('hex'), bytes }
}

/** What has become a link since it was found is not followed. Each piece is there until the next is asked for. */
async function* readPath(path: Uint8Array, size: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  // Many files are small: room for the largest piece would be made anew for each of them.
  const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size + 1))
  await using file = await open(Buffer.from(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  for (;;) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(piece, 0, piece.length, null)
    if (bytesRead === 0) return
    yield piece.subarray(0, bytesRead)
  }
}
