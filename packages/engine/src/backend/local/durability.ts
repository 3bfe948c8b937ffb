import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode } from './system-error.ts'

/** Returns when the file's content has reached the disk. */
export async function syncFile(file: FileHandle): Promise<void> {
  try {
    await file.datasync()
  } catch (error) {
    // Some network and FUSE file systems have no such call; they decide themselves when data is safe.
    if (!hasCode(error, 'ENOTSUP', 'EINVAL')) throw error
  }
}

/** Returns when the names in a folder have reached the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (error) {
    if (!hasCode(error, 'ENOTSUP', 'EINVAL')) throw error
  } finally {
    await folder.close()
  }
}

/** Makes the names of newly made folders durable: `path` and its parents up to and including `topmost`. */
export async function syncNewFolders(path: string, topmost: string): Promise<void> {
  for (let folder = path; ; folder = dirname(folder)) {
    await syncFolder(dirname(folder))
    if (folder === topmost || folder === dirname(folder)) return
  }
}
