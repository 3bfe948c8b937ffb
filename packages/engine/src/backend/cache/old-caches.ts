import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isId } from '../../ids.ts'
import { hasCode } from '../local/system-error.ts'

export interface OldCacheOptions {
  /** Days without use; restic's default is 30. */
  readonly olderThanDays: number
  /** Epoch milliseconds. */
  readonly now: number
}

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Removes the caches of repositories that no program has opened for so long. Everything in `base` that is not a cache is
 * left alone.
 *
 * @param base the folder of all caches
 * @returns ids of the repositories; @throws what the system refuses, after everything else was removed
 */
export async function removeOldCaches(base: string, { olderThanDays, now }: OldCacheOptions): Promise<string[]> {
  const removed: string[] = []
  const refused: unknown[] = []
  for (const id of await cachesIn(base)) {
    try {
      if (!(await wasUsedBefore(join(base, id), now - olderThanDays * DAY_MS))) continue
      await rm(join(base, id), { recursive: true, force: true })
      removed.push(id)
    } catch (error) {
      refused.push(error)
    }
  }
  if (refused.length > 0) throw refused[0]
  return removed
}

async function cachesIn(base: string): Promise<string[]> {
  try {
    const entries = await readdir(base, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory() && isId(entry.name)).map(({ name }) => name)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

/** Every cache has a version; a folder without one is something else (§22). */
async function wasUsedBefore(cache: string, beforeMs: number): Promise<boolean> {
  try {
    await stat(join(cache, 'version'))
    return (await stat(cache)).mtimeMs < beforeMs
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}
