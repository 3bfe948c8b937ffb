import { stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { foldersWithLeftOvers } from '../layout.ts'
import { namesIfThere } from './names-if-there.ts'
import { isSystemError } from './system-error.ts'

/** Ours and restic's: the final name, `-tmp-`, and something random. */
const TEMPORARY_NAME = /^[0-9a-f]{64}-tmp-[0-9a-z]+$/

/** Removes temporary files of packs, indexes and snapshots that nobody has written to since `before` (epoch ms). */
export async function sweepTemporaryFiles(
  root: string,
  before: number,
  signal?: AbortSignal,
): Promise<{ files: number; bytes: number }> {
  const swept = { files: 0, bytes: 0 }
  for (const folder of foldersWithLeftOvers(root)) {
    for (const name of await namesIfThere(folder)) {
      if (!TEMPORARY_NAME.test(name)) continue
      signal?.throwIfAborted()
      const bytes = await removeIfOld(join(folder, name), before)
      if (bytes === undefined) continue
      swept.files++
      swept.bytes += bytes
    }
  }
  return swept
}

async function removeIfOld(path: string, before: number): Promise<number | undefined> {
  try {
    const { mtimeMs, size } = await stat(path)
    if (mtimeMs >= before) return undefined
    await unlink(path)
    return size
  } catch (error) {
    // Gone meanwhile, or not ours to remove: it is in nobody's way but the disk's.
    if (isSystemError(error)) return undefined
    throw error
  }
}
