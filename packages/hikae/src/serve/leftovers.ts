import { unlink } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { filesBelow, isTemporary } from './files-below.ts'

/** Whoever still writes has written something within this time. */
const AGE_MS = 60 * 60 * 1000

/**
 * Removes the rests of uploads that a killed server left: files that no reader looks at, and nobody has written to for an
 * hour.
 *
 * @returns how many
 */
export async function removeLeftovers(folder: string, signal?: AbortSignal): Promise<number> {
  let removed = 0
  for await (const { path, name, modified } of filesBelow(folder, signal)) {
    if (!isTemporary(name) || modified > Date.now() - AGE_MS) continue
    try {
      await unlink(path)
      removed++
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
  }
  return removed
}
