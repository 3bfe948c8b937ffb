import { mapConcurrently } from '../../concurrency.ts'
import type { Bandwidth } from '../bandwidth.ts'
import type { ReadOptions } from '../backend.ts'
import { OpenFlag } from './packet-type.ts'
import { stepsOf } from './pipeline.ts'
import type { Handle, SftpSession } from './session.ts'

/** A read of more than this asks for the file's size before it reserves memory: the length may come from damaged data. */
const TRUSTED_LENGTH = 1024 * 1024

/**
 * Reads a part of a file into memory of its own. Two round trips and as many requests under way as the connection needs.
 *
 * @param outside makes the error for a range that ends after the last byte; both arguments in bytes
 * @throws {SftpStatusError}
 */
export async function readRange(
  session: SftpSession,
  path: string,
  options: ReadOptions,
  bandwidth: Bandwidth | undefined,
  outside: (wantedEnd: number, size: number) => Error,
): Promise<Buffer> {
  const offset = options.offset ?? 0
  const isTrusted = options.length !== undefined && options.length > 0 && options.length <= TRUSTED_LENGTH
  const [opened, looked] = await Promise.allSettled([
    session.openFile(path, OpenFlag.read),
    isTrusted ? undefined : session.stat(path),
  ])
  if (opened.status === 'rejected') throw opened.reason
  const handle = opened.value
  try {
    if (looked.status === 'rejected') throw looked.reason
    options.signal?.throwIfAborted()
    const length = options.length ?? Math.max(looked.value!.size - offset, 0)
    if (looked.value && offset + length > looked.value.size) throw outside(offset + length, looked.value.size)
    const content = Buffer.allocUnsafeSlow(length)
    const isWhole = await fill(session, handle, content, offset, bandwidth, options.signal)
    if (!isWhole) throw outside(offset + length, (await session.stat(path)).size)
    return content
  } finally {
    // Nobody has to wait for this, and a file that was only read has nothing to lose.
    session.close(handle).catch(() => undefined)
  }
}

/** @returns false when the file ended before `content` was full */
async function fill(
  session: SftpSession,
  handle: Handle,
  content: Buffer,
  offset: number,
  bandwidth: Bandwidth | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { starts, bytes, atOnce } = stepsOf(content.length, session.readBytes, bandwidth?.limitsDownload)
  let isWhole = true
  await mapConcurrently(starts, atOnce, async (start) => {
    const end = Math.min(start + bytes, content.length)
    for (let position = start; position < end && isWhole;) {
      signal?.throwIfAborted()
      const count = await session.read(handle, offset + position, content.subarray(position, end))
      if (count === 0) isWhole = false
      position += count
      await bandwidth?.receive(count, signal)
    }
  })
  return isWhole
}
