import { lstat, readdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../../../errors.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import type { Volume } from '../volume.ts'

/** Whether the folder of a volume's content is there; while contents are exchanged it is not. */
export async function hasContent({ mountpoint }: Volume): Promise<boolean> {
  try {
    return (await lstat(mountpoint)).isDirectory()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

/** Whether there is a folder with nothing in it. */
export async function isEmptyContent({ mountpoint }: Volume): Promise<boolean> {
  return (await readdir(mountpoint)).length === 0
}

/**
 * Gives one volume's content to another, which has none or an empty folder. It is done as a whole or not at all.
 *
 * @throws system errors
 */
export async function moveContent(from: Volume, to: Volume): Promise<void> {
  await rename(from.mountpoint, to.mountpoint)
}

/** Makes what was moved between volumes outlast a loss of power. */
export async function syncContents(...volumes: readonly Volume[]): Promise<void> {
  for (const { mountpoint } of volumes) await syncToDisk(dirname(mountpoint))
}
