import { DamagedError } from '../../errors.ts'
import { printablePath } from '../../filesystem/byte-path.ts'
import type { Repository } from '../../repository/repository.ts'
import { PackWindows } from './pack-windows.ts'
import type { BlobPiece, EntryPiece, Piece } from './pieces.ts'

/** Content that is read before it is asked for. */
const MOST_BYTES = 32 * 1024 * 1024
const MOST_PIECES = 256

export type ReadPiece = EntryPiece | { readonly kind: 'content'; readonly bytes: Buffer }

interface Coming {
  readonly piece: Piece
  readonly content?: Promise<Buffer>
}

/**
 * Reads the blobs among the pieces, as many at a time as the backend likes, and gives all pieces in their order.
 *
 * @throws {DamagedError} content that cannot be read, with the path of its file
 */
export async function* readAhead(
  repository: Repository,
  pieces: AsyncIterable<Piece> | Iterable<Piece>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReadPiece> {
  const source = iterate(pieces)
  const windows = new PackWindows(repository, signal)
  const coming: Coming[] = []
  let bytes = 0
  let blobs = 0
  let hasMore = true
  for (;;) {
    const hasRoom = () => bytes < MOST_BYTES && blobs < repository.backend.connections && coming.length < MOST_PIECES
    while (hasMore && hasRoom()) {
      const step = await source.next()
      if (step.done) {
        hasMore = false
        break
      }
      const piece = step.value
      coming.push(piece.kind === 'blob' ? { piece, content: readPiece(windows, piece) } : { piece })
      if (piece.kind === 'blob') {
        bytes += piece.size
        blobs++
      }
    }
    const next = coming.shift()
    if (next === undefined) return
    signal?.throwIfAborted()
    if (next.piece.kind === 'entry') {
      yield next.piece
      continue
    }
    const content = await next.content!
    bytes -= next.piece.size
    blobs--
    yield { kind: 'content', bytes: content }
  }
}

function readPiece(windows: PackWindows, { id, path }: BlobPiece): Promise<Buffer> {
  const content = windows.read(id).catch((error: unknown) => {
    if (!(error instanceof DamagedError)) throw error
    throw new DamagedError(`${printablePath(path)} cannot be read: ${error.message}`, {
      hint: 'what was written is incomplete; use `hikae restore`, which leaves out only what is damaged',
      cause: error,
    })
  })
  // Whoever asks for the content gets the error; a dump that ends early never asks.
  content.catch(() => undefined)
  return content
}

async function* iterate(pieces: AsyncIterable<Piece> | Iterable<Piece>): AsyncGenerator<Piece> {
  yield* pieces
}
