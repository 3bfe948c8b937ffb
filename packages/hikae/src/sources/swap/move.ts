import { chmod, lstat, rename } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { systemCode } from '../../errors.ts'
import { syncToDisk } from '../../sync-to-disk.ts'
import { type BytePath, systemPath } from './byte-path.ts'

/** @returns undefined when nothing is there */
export async function lookAt(path: BytePath): Promise<Stats | undefined> {
  try {
    return await lstat(systemPath(path))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Renames, into another folder too. A folder that its owner may not write to can be moved by root only: it is made writable
 * meanwhile.
 */
export async function move(from: BytePath, to: BytePath): Promise<void> {
  try {
    await rename(systemPath(from), systemPath(to))
  } catch (error) {
    const found = systemCode(error) === 'EACCES' ? await lookAt(from) : undefined
    if (!found?.isDirectory()) throw error
    await chmod(systemPath(from), (found.mode & 0o7777) | 0o700)
    try {
      await rename(systemPath(from), systemPath(to))
      await chmod(systemPath(to), found.mode & 0o7777)
    } catch (again) {
      if (await lookAt(from)) await chmod(systemPath(from), found.mode & 0o7777)
      throw again
    }
  }
}

/** Makes what was renamed in a folder outlast a loss of power. */
export async function syncFolder(path: BytePath): Promise<void> {
  await syncToDisk(systemPath(path))
}
