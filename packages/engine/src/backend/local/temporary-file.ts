import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { syncFile } from './durability.ts'

/** An abort takes effect after at most this many bytes. */
const STEP_BYTES = 4 * 1024 * 1024

/** A file in the making, open for writing. */
export interface TemporaryFile {
  readonly path: string
  readonly file: FileHandle
}

/** Makes an empty file beside `final`, under a name that every reader ignores (§2). */
export async function createTemporaryFile(final: string, mode: number): Promise<TemporaryFile> {
  const path = `${final}-tmp-${randomBytes(8).toString('hex')}`
  return { path, file: await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode) }
}

/**
 * Fills a new temporary file, makes its content durable and closes it. On any failure, the abort included, the file is
 * removed again.
 */
export async function fillTemporaryFile(
  { path, file }: TemporaryFile,
  fill: (file: FileHandle) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  try {
    try {
      await fill(file)
      await syncFile(file)
    } finally {
      await file.close()
    }
    signal?.throwIfAborted()
  } catch (error) {
    await discard(path)
    throw error
  }
}

/** Removes a temporary file on the way out of a failure. */
export async function discard(path: string): Promise<void> {
  // Whatever hinders this, the first failure is the one to report, and a left-over is ignored by every reader.
  await unlink(path).catch(() => undefined)
}

/** Writes `content` at `offset`. */
export async function writeAll(
  file: FileHandle,
  content: Uint8Array,
  signal: AbortSignal | undefined,
  offset = 0,
): Promise<void> {
  let position = 0
  while (position < content.length) {
    signal?.throwIfAborted()
    const step = Math.min(STEP_BYTES, content.length - position)
    const { bytesWritten } = await file.write(content, position, step, offset + position)
    position += bytesWritten
  }
}

/** Writes pieces one after the other. */
export async function writePieces(
  file: FileHandle,
  pieces: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let offset = 0
  for await (const piece of pieces) {
    await writeAll(file, piece, signal, offset)
    offset += piece.length
  }
}
