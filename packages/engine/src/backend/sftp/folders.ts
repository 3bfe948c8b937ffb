import { posix } from 'node:path'
import { mapConcurrently } from '../../concurrency.ts'
import { OpenFlag } from './packet-type.ts'
import type { SftpSession } from './session.ts'
import { hasStatus, SftpStatusError } from './status.ts'
import { sync } from './temporary-file.ts'

const AT_ONCE = 32

/** Makes folders whose parents exist; harmless for those that are there. */
export async function makeFolders(
  session: SftpSession,
  paths: readonly string[],
  mode: number,
  signal?: AbortSignal,
): Promise<void> {
  await mapConcurrently(paths, AT_ONCE, async (path) => {
    signal?.throwIfAborted()
    await makeFolder(session, path, mode)
  })
}

/** Makes a folder and those above it that are missing. */
export async function makeFolderWithParents(session: SftpSession, path: string, mode: number): Promise<void> {
  const parent = posix.dirname(path)
  try {
    await makeFolder(session, path, mode)
  } catch (error) {
    if (!hasStatus(error, 'noSuchFile') || parent === path) throw error
    await makeFolderWithParents(session, parent, mode)
    await makeFolder(session, path, mode)
  }
}

/** Makes the names in a folder durable, where the server lets a folder be opened like a file: OpenSSH on Linux does. */
export async function syncFolder(session: SftpSession, path: string): Promise<void> {
  if (!session.offers('fsync@openssh.com')) return
  let handle: Buffer
  try {
    handle = await session.openFile(path, OpenFlag.read)
  } catch (error) {
    if (error instanceof SftpStatusError) return
    throw error
  }
  try {
    await sync(session, handle)
  } catch (error) {
    // Some file systems have no such call for folders; they decide themselves when names are safe.
    if (!(error instanceof SftpStatusError)) throw error
  } finally {
    session.close(handle).catch(() => undefined)
  }
}

async function makeFolder(session: SftpSession, path: string, mode: number): Promise<void> {
  try {
    await session.makeFolder(path, mode)
  } catch (error) {
    // OpenSSH has no code of its own for a name that is taken.
    if (hasStatus(error, 'noSuchFile') || !(await isFolder(session, path))) throw error
  }
}

async function isFolder(session: SftpSession, path: string): Promise<boolean> {
  try {
    return (await session.stat(path)).type === 'folder'
  } catch (error) {
    if (error instanceof SftpStatusError) return false
    throw error
  }
}
