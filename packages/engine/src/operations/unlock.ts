import { removeIfPresent } from '../backend/remove-if-present.ts'
import type { LockId } from '../ids.ts'
import { readLocks } from '../repository/lock-store.ts'
import { isStale } from '../repository/lock-verdict.ts'
import type { Repository } from '../repository/repository.ts'

export interface UnlockOptions {
  /** Every lock, also those of programs that run, and what cannot be read; by default only stale ones. */
  readonly all?: boolean
  readonly signal?: AbortSignal
}

/**
 * Removes locks that programs left behind (§13). With `all`, a program that is still running loses its protection: its
 * next refresh fails, and it stops.
 *
 * @returns how many were removed
 */
export async function unlock(repository: Repository, options: UnlockOptions = {}): Promise<{ removed: number }> {
  let removed = 0
  for (const id of await locksToRemove(repository, options)) {
    // Its owner may be faster.
    if (await removeIfPresent(repository.backend, 'lock', id, options.signal)) removed++
  }
  return { removed }
}

async function locksToRemove(repository: Repository, { all, signal }: UnlockOptions): Promise<LockId[]> {
  if (all) return (await repository.listIds('lock', signal)).map(({ id }) => id)
  const locks = await readLocks(repository, signal)
  return locks.filter(({ lock }) => lock !== undefined && isStale(lock)).map(({ id }) => id)
}
