import { DamagedError, InvalidInputError } from '../../errors.ts'
import { printablePath } from '../../filesystem/byte-path.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { findDirectory, findPath } from '../tree-path.ts'
import type { ArchiveWriter } from './archive.ts'
import { blobPieces, piecesOf } from './pieces.ts'
import { readAhead, type ReadPiece } from './read-ahead.ts'
import { TarWriter } from './tar.ts'
import { ZipWriter } from './zip.ts'

export interface DumpOptions {
  /** For directories; `tar` by default. */
  readonly format?: 'tar' | 'zip'
  /** Byte string: a directory of the snapshot that `path` is relative to; the snapshot's root by default. */
  readonly root?: string
  /**
   * Byte string: the name, in the archive, of what is at `path`. It is an entry itself then, with its metadata, and may be a
   * file or a link too; everything below is named from there on.
   */
  readonly as?: string
  readonly signal?: AbortSignal
}

/** Small pieces are joined to this many bytes. */
const JOINED_BYTES = 128 * 1024

/**
 * The bytes of a file, or an archive of what is in a directory, named by paths from `root` on, as restic's dump names
 * them. Reads about 32 MiB ahead. The archive is whole only when the generator ends without throwing.
 *
 * @param path byte string
 * @throws {PathMissingError} @throws {InvalidInputError} neither a file nor a directory
 * @throws {DamagedError} content cannot be read; or, after the end of the archive, entries had to be left out
 */
export async function* dump(
  repository: Repository,
  snapshot: Pick<Snapshot, 'tree'>,
  path: string,
  options: DumpOptions = {},
): AsyncGenerator<Uint8Array> {
  const { format = 'tar', root = '/', as, signal } = options
  const top = await findDirectory(repository, snapshot.tree, root, signal)
  const found = await findPath(repository, top, path, signal)
  if (found.tree === undefined && as === undefined) {
    const node = found.node!
    if (node.type !== 'file') {
      throw new InvalidInputError(`${printablePath(found.path)} is a ${node.type}, which has no content`, {
        hint: 'dump the directory it lies in instead',
      })
    }
    const pieces = blobPieces(repository, found.path, node)
    for await (const piece of readAhead(repository, pieces, signal)) if (piece.kind === 'content') yield piece.bytes
    return
  }
  const unsafe: string[] = []
  const pieces = piecesOf(repository, found, {
    path: as === undefined ? found.path : `/${as}`,
    isNamed: as !== undefined,
    hardLinks: format === 'tar',
    onUnsafe: (left) => unsafe.push(left),
    signal,
  })
  const writer = format === 'tar' ? new TarWriter() : new ZipWriter()
  yield* joined(archive(readAhead(repository, pieces, signal), writer))
  if (unsafe.length > 0) {
    throw new DamagedError(
      `${unsafe.length} entries were left out because their names lead elsewhere, such as ${printablePath(unsafe[0]!)}`,
      { hint: 'the snapshot was made by a faulty or hostile program; the rest of the archive is whole' },
    )
  }
}

async function* archive(pieces: AsyncIterable<ReadPiece>, writer: ArchiveWriter): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield* piece.kind === 'entry' ? writer.entry(piece) : writer.content(piece.bytes)
  yield* writer.end()
}

/** Whoever writes the bytes should not have to do it for every header. */
async function* joined(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for await (const part of parts) {
    waiting.push(part)
    bytes += part.length
    if (bytes < JOINED_BYTES) continue
    yield waiting.length === 1 ? part : Buffer.concat(waiting, bytes)
    waiting = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes)
}
