import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, unlink, type FileHandle } from 'node:fs/promises'
import { syncFile } from './durability.ts'

/** An abort takes effect after at most this many bytes. */
const STEP_BYTES = 4 * 1024 * 1024

/**
 * Writes a whole new file beside `final`, durable but under a name that every reader ignores (§2).
 * On any failure, the abort included, the file is removed again.
 *
 * @returns its path
 */
export async function writeTemporaryFile(
  final: string,
  content: Uint8Array,
  mode: number,
  signal?: AbortSignal,
): Promise<string> {
  const path = `${final}-tmp-${randomBytes(8).toString('hex')}`
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
  try {
    try {
      await writeAll(file, content, signal)
      await syncFile(file)
    } finally {
      await file.close()
    }
    signal?.throwIfAborted()
  } catch (error) {
    await discard(path)
    throw error
  }
  return path
}

/** Removes a temporary file on the way out of a failure. */
export async function discard(path: string): Promise<void> {
  // Whatever hinders this, the first failure is the one to report, and a left-over is ignored by every reader.
  await unlink(path).catch(() => undefined)
}

async function writeAll(file: FileHandle, content: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  let position = 0
  while (position < content.length) {
    signal?.throwIfAborted()
    const step = Math.min(STEP_BYTES, content.length - position)
    const { bytesWritten } = await file.write(content, position, step, position)
    position += bytesWritten
  }
}
