import { open, type FileHandle } from 'node:fs/promises'
import type { ReadOptions } from '../backend.ts'

/** A read of more than this asks for the file's size before it reserves memory: the length may come from damaged data. */
const TRUSTED_LENGTH = 1024 * 1024
/** An abort takes effect after at most this many bytes. */
const STEP_BYTES = 16 * 1024 * 1024

/**
 * Reads a part of a file into memory of its own, which may therefore be transferred.
 *
 * @param outside makes the error for a range that ends after the last byte; both arguments in bytes
 */
export async function readRange(
  path: string,
  options: ReadOptions,
  outside: (wantedEnd: number, size: number) => Error,
): Promise<Buffer> {
  options.signal?.throwIfAborted()
  const file = await open(path, 'r')
  try {
    const offset = options.offset ?? 0
    let { length } = options
    if (length === undefined || length === 0 || length > TRUSTED_LENGTH) {
      const { size } = await file.stat()
      length ??= Math.max(size - offset, 0)
      if (offset + length > size) throw outside(offset + length, size)
    }
    const content = Buffer.allocUnsafeSlow(length)
    const read = await fill(content, file, offset, options.signal)
    if (read < length) throw outside(offset + length, (await file.stat()).size)
    return content
  } finally {
    await file.close()
  }
}

/** @returns bytes read; fewer than wanted only at the end of the file */
async function fill(content: Buffer, file: FileHandle, offset: number, signal?: AbortSignal): Promise<number> {
  let position = 0
  while (position < content.length) {
    signal?.throwIfAborted()
    const step = Math.min(STEP_BYTES, content.length - position)
    const { bytesRead } = await file.read(content, position, step, offset + position)
    if (bytesRead === 0) break
    position += bytesRead
  }
  return position
}
