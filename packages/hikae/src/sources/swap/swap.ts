import { constants } from 'node:fs'
import { copyFile, link, rename, rm } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'
import { type BytePath, systemPath } from './byte-path.ts'
import { lookAt, move } from './move.ts'

/**
 * Puts something new where something old may be, and keeps the old. A file takes the place of a file in one step. Where a
 * folder is involved there is a moment without either, for which `settleSwaps` is there.
 *
 * @param fresh on the same file system
 * @param kept where the old is kept; a name with a number behind it when that is taken
 * @returns where it is kept, or undefined when nothing was there
 * @throws system errors; what was there is in its place then
 */
export async function swap(fresh: BytePath, live: BytePath, kept: BytePath): Promise<BytePath | undefined> {
  const there = await lookAt(live)
  if (!there) {
    await move(fresh, live)
    return undefined
  }
  const place = await freePlace(kept)
  const isFolder = there.isDirectory() || (await lookAt(fresh))?.isDirectory()
  if (!isFolder && (await couldKeep(live, place, there.isFile()))) {
    try {
      await rename(systemPath(fresh), systemPath(live))
    } catch (error) {
      await rm(systemPath(place))
      throw error
    }
    return place
  }
  await rename(systemPath(live), systemPath(place))
  try {
    await move(fresh, live)
  } catch (error) {
    await rename(systemPath(place), systemPath(live))
    throw error
  }
  return place
}

/** A second name for the old. Where the file system has none, or not for everybody, a file is copied. */
async function couldKeep(live: BytePath, kept: BytePath, isFile: boolean): Promise<boolean> {
  try {
    await link(systemPath(live), systemPath(kept))
    return true
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(systemCode(error) ?? '')) throw error
    if (isFile) await copyFile(systemPath(live), systemPath(kept), constants.COPYFILE_EXCL)
    return isFile
  }
}

/** A name that nothing has: with a number behind it when it is taken. */
export async function freePlace(path: BytePath): Promise<BytePath> {
  for (let number = 1; ; number++) {
    const place = number === 1 ? path : `${path}-${number}`
    if (!(await lookAt(place))) return place
  }
}
