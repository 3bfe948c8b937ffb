import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { FileEntry } from '@hikae/engine'
import { InputError, systemCode } from '../../errors.ts'
import { printablePath } from '../../sources/swap/byte-path.ts'

const PIECE = 256 * 1024
/** A file that became a link or a pipe since is not followed, and not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * The content of a file, as many bytes as it had when it was found.
 *
 * @param isLive what became shorter or went since is filled with zeros: it is read again when nobody writes to it any more
 * @throws {InputError} it became shorter, and nobody should write to it
 */
export async function* fileContent(
  { content, metadata: { size } }: FileEntry,
  { isLive, signal }: { readonly isLive: boolean; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (content.kind === 'link') return
  if (content.kind === 'stream') return void (yield* content.open(signal))
  let left = size
  try {
    await using file = await open(Buffer.from(content.path), FLAGS)
    for await (const piece of piecesOf(file, size)) {
      signal.throwIfAborted()
      left -= piece.length
      yield piece
    }
  } catch (error) {
    if (!isLive || systemCode(error) === undefined) throw error
  }
  if (left > 0 && !isLive) throw shortened(content.path, size, left)
  for (; left > 0; left -= PIECE) yield Buffer.alloc(Math.min(left, PIECE))
}

async function* piecesOf(file: FileHandle, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let done = 0; done < size;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(PIECE, size - done)), 0)
    if (bytesRead === 0) return
    done += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function shortened(path: Uint8Array, size: number, left: number): InputError {
  const shown = printablePath(Buffer.from(path).toString('latin1'))
  return new InputError(`cannot read ${shown} to its end: it had ${size} bytes and has ${size - left} now`, {
    hint: `find out what writes to it although all known containers are stopped: a program of the host itself`,
  })
}
