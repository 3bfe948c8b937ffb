import { mapConcurrently } from '../../concurrency.ts'
import { foldersWithLeftOvers } from '../layout.ts'
import { readFolder } from './listing.ts'
import type { FolderEntry, SftpSession } from './session.ts'
import { SftpStatusError } from './status.ts'

/** Ours and restic's: the final name, `-restic-temp-`, and something random. */
const TEMPORARY_NAME = /^[0-9a-f]{64}-restic-temp-[0-9a-z]+$/i
const FOLDERS_AT_ONCE = 16

/** Removes temporary files of packs, indexes and snapshots that nobody has written to since `before` (epoch ms). */
export async function sweepTemporaryFiles(
  session: SftpSession,
  root: string,
  before: number,
  signal?: AbortSignal,
): Promise<{ files: number; bytes: number }> {
  const swept = { files: 0, bytes: 0 }
  await mapConcurrently(foldersWithLeftOvers(root), FOLDERS_AT_ONCE, async (folder) => {
    for (const entry of (await readFolder(session, folder)) ?? []) {
      signal?.throwIfAborted()
      if (!isLeftOver(entry, before) || !(await removeIfAllowed(session, `${folder}/${entry.name}`))) continue
      swept.files++
      swept.bytes += entry.attributes.size
    }
  })
  return swept
}

function isLeftOver({ name, attributes: { type, modified } }: FolderEntry, before: number): boolean {
  return TEMPORARY_NAME.test(name) && type === 'file' && modified !== undefined && modified * 1000 < before
}

async function removeIfAllowed(session: SftpSession, path: string): Promise<boolean> {
  try {
    await session.remove(path)
    return true
  } catch (error) {
    // Gone meanwhile, or not ours to remove: it is in nobody's way but the disk's.
    if (error instanceof SftpStatusError) return false
    throw error
  }
}
