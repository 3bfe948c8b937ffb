import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Finding } from '../finding.ts'
import { bytePath, systemPath } from '../swap/byte-path.ts'
import { Replacement } from '../swap/replacement.ts'
import { settleSwaps } from '../swap/settle-swaps.ts'

/**
 * Puts something new where something old may be, which is kept beside it; after a kill the one or the other is there, at
 * the latest when {@link settleRestores} has run.
 *
 * @param make makes it in the empty folder that it is given, on the same file system, and says where
 * @returns where the old is kept, if there was anything
 */
export async function replace(target: string, make: (place: string) => Promise<string>): Promise<string | undefined> {
  const [folder, name] = [dirname(target), basename(target)]
  await mkdir(folder, { recursive: true })
  await settleSwaps(bytePath(folder))
  await using replacement = await Replacement.open(bytePath(folder), new Date())
  const root = systemPath(replacement.path).toString()
  // What is in there when it is ready is what will be swapped in: the place has to be gone by then.
  const place = join(root, `${name.slice(0, 100)}.work`)
  await mkdir(place)
  const made = await make(place)
  await rename(made, join(root, name))
  await rm(place, { recursive: true, force: true })
  const kept = await replacement.swapIn(bytePath(name))
  return kept === undefined ? undefined : systemPath(kept).toString()
}

/** Ends restores of a local repository that were killed in the middle. */
export async function settleRestores(path: string): Promise<readonly Finding[]> {
  return [...(await settleSwaps(bytePath(dirname(path)))), ...(await settleSwaps(bytePath(path)))]
}
