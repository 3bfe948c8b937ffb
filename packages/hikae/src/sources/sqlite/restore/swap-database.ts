import { constants } from 'node:fs'
import { copyFile, link, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from '../../../errors.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import { COMPANIONS } from '../find-databases.ts'

/** The file system has no hard links, or does not allow them on files of others. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS']

/**
 * Puts a finished database in the place of another, in an order that may end at any call, by a kill or a power cut:
 *
 * 1. What is there gets a second name, and so does what SQLite keeps beside it, but for `-shm`, which it makes anew from the
 *    log. Nothing has changed yet.
 * 2. Log and journal of the old one are taken away. Beside the new one they would be replayed into it. The old one does not
 *    need them: the caller has had all of it written into the main file (`holdDatabase`), unless it is beyond SQLite, and
 *    then it is whole under its second name only, as it was not before.
 * 3. The new one is renamed over the old one. So at this path there is always a database, the old one or the new one.
 *
 * @param place of the old one, which may be absent; no link
 * @param kept the second name, which is free
 * @returns whether anything was there to be kept
 */
export async function swapDatabase(built: string, place: string, kept: string): Promise<boolean> {
  const isKept = await keep(place, kept)
  await rename(built, place)
  await syncFolder(place)
  return isKept
}

/** Leaves nothing where a database is: all of it is kept under a second name. */
export async function putAway(place: string, kept: string): Promise<void> {
  if (!(await keep(place, kept))) return
  await unlink(place)
  await syncFolder(place)
}

/** The first two steps. @returns whether anything was there */
async function keep(place: string, kept: string): Promise<boolean> {
  const old = await presentOf(place)
  const worthKeeping = old.filter(({ end, size }) => end === '' || (size > 0n && end !== '-shm'))
  for (const { end } of worthKeeping) await giveSecondName(`${place}${end}`, `${kept}${end}`)
  await syncFolder(place)
  for (const { end } of old) if (end !== '') await unlink(`${place}${end}`)
  await syncFolder(place)
  return worthKeeping.length > 0
}

/** The database and its companions, as far as they are there. */
async function presentOf(place: string): Promise<{ end: string; size: bigint }[]> {
  const present: { end: string; size: bigint }[] = []
  for (const end of ['', ...COMPANIONS]) {
    const size = await sizeOf(`${place}${end}`)
    if (size !== undefined) present.push({ end, size })
  }
  return present
}

/** Where the file system has no hard links, a copy. */
export async function giveSecondName(path: string, second: string): Promise<void> {
  try {
    await link(path, second)
  } catch (error) {
    if (!NO_LINKS.includes(systemCode(error) ?? '')) throw error
    await copyFile(path, second, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await syncToDisk(second)
  }
}

/** Makes what was renamed or removed in the folder of a file survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  await syncToDisk(dirname(path))
}

async function sizeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).size
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
