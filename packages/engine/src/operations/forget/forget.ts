import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { removeSnapshot } from '../replace-snapshot.ts'

export interface ForgetOptions {
  readonly signal?: AbortSignal
  /** Of the lock: awaited before each removal; when it throws, nothing more is removed. */
  readonly confirmLock?: () => Promise<void>
  /** Called after each removal. */
  readonly onRemoved?: (snapshot: StoredSnapshot) => void
}

export interface ForgetReport {
  readonly removed: readonly StoredSnapshot[]
  /** Could not be removed: the repository still has them, perhaps. */
  readonly failed: readonly { readonly snapshot: StoredSnapshot; readonly error: Error }[]
}

/**
 * Removes snapshot files, one after the other, in the order given; their data stays until a prune (§14, §18). Needs an
 * exclusive lock. One that cannot be removed does not stop the others.
 *
 * @param options.signal checked before each removal: what is gone by then is gone, nothing is half removed
 */
export async function forgetSnapshots(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  { signal, confirmLock, onRemoved }: ForgetOptions = {},
): Promise<ForgetReport> {
  const removed: StoredSnapshot[] = []
  const failed: { snapshot: StoredSnapshot; error: Error }[] = []
  for (const snapshot of snapshots) {
    signal?.throwIfAborted()
    await confirmLock?.()
    try {
      await removeSnapshot(repository, snapshot.id, signal)
    } catch (error) {
      signal?.throwIfAborted()
      failed.push({ snapshot, error: error instanceof Error ? error : new Error(String(error)) })
      continue
    }
    removed.push(snapshot)
    onRemoved?.(snapshot)
  }
  return { removed, failed }
}
