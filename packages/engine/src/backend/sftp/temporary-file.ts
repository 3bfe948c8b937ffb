import { randomBytes } from 'node:crypto'
import { mapConcurrently } from '../../concurrency.ts'
import type { Bandwidth } from '../bandwidth.ts'
import { stepsOf } from './pipeline.ts'
import { CREATE, type Handle, type SftpSession } from './session.ts'
import { hasStatus } from './status.ts'

/** How long a write may still go on after an abort: what is on its way has to arrive before it can be taken back. */
const GRACE_MS = 10_000

export interface WritingOptions {
  /** Permission bits. */
  readonly mode: number
  readonly signal?: AbortSignal | undefined
  readonly bandwidth?: Bandwidth | undefined
}

/**
 * Writes a whole new file beside `final`, durable where the server can promise that, under a name that every reader
 * ignores: restic's (§21). On any failure, the abort included, the file is removed again. When this returns or throws,
 * `content` is in nobody's hands any more.
 *
 * @returns its path
 */
export async function writeTemporaryFile(
  session: SftpSession,
  final: string,
  content: Uint8Array,
  options: WritingOptions,
): Promise<string> {
  const path = `${final}-restic-temp-${randomBytes(16).toString('hex')}`
  const handle = await session.openFile(path, CREATE, options.mode)
  using _ = endAfterGrace(session, options.signal)
  try {
    try {
      await writeAll(session, handle, content, options)
      await Promise.all([setMode(session, handle, options.mode), sync(session, handle)])
    } finally {
      await session.close(handle)
    }
    options.signal?.throwIfAborted()
  } catch (error) {
    await discard(session, path)
    throw error
  }
  return path
}

/** Removes a temporary file on the way out of a failure. */
export async function discard(session: SftpSession, path: string): Promise<void> {
  // Whatever hinders this, the first failure is the one to report, and a left-over is ignored by every reader.
  await session.remove(path).catch(() => undefined)
}

/** Returns when what was written has reached the disk of the server, if it can tell. */
export async function sync(session: SftpSession, handle: Handle): Promise<void> {
  if (!session.offers('fsync@openssh.com')) return
  try {
    await session.sync(handle)
  } catch (error) {
    if (!hasStatus(error, 'unsupported')) throw error
  }
}

async function writeAll(
  session: SftpSession,
  handle: Handle,
  content: Uint8Array,
  options: WritingOptions,
): Promise<void> {
  const { bandwidth, signal } = options
  const { starts, bytes, atOnce } = stepsOf(content.length, session.writeBytes, bandwidth?.limitsUpload)
  await mapConcurrently(starts, atOnce, async (start) => {
    signal?.throwIfAborted()
    const part = content.subarray(start, start + bytes)
    await bandwidth?.send(part.length, signal)
    await session.write(handle, start, part)
  })
}

/** The server's umask may have taken bits away that a repository shared by a group needs. */
async function setMode(session: SftpSession, handle: Handle, mode: number): Promise<void> {
  try {
    await session.setMode(handle, mode)
  } catch (error) {
    // Some servers and accounts may not; the content does not depend on it.
    if (!hasStatus(error, 'permissionDenied', 'unsupported', 'failure', 'badMessage')) throw error
  }
}

function endAfterGrace(session: SftpSession, signal: AbortSignal | undefined): Disposable {
  let timer: NodeJS.Timeout | undefined
  const onAbort = () => (timer = setTimeout(() => session.destroy('it was too slow to end an upload'), GRACE_MS))
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    [Symbol.dispose]() {
      signal?.removeEventListener('abort', onAbort)
      clearTimeout(timer)
    },
  }
}
