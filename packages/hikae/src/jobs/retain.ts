import type { KeepPolicy, SnapshotId, StoredSnapshot } from '@hikae/engine'
import { InputError } from '../errors.ts'
import { INCOMPLETE_TAG } from '../points/read-source.ts'
import type { JobRepository } from './job-repositories.ts'

export interface Retention {
  /** Tags that all snapshots of the source in question have. */
  readonly tags: readonly string[]
  readonly policy: KeepPolicy
  readonly now: Date
}

/**
 * Removes the snapshots of a source that its policy does not keep. Those from which something is missing are counted by
 * themselves: they never take the place of a good one.
 *
 * @param repository locked exclusively
 * @returns how many were removed and how many stay
 * @throws {InputError} a snapshot cannot be read, so that nobody knows whose it is
 * @throws what kept one from being removed
 */
export async function retain(
  { repository, lock, snapshots: all, unreadable, signal }: JobRepository,
  { tags, policy, now }: Retention,
): Promise<{ removed: number; kept: number }> {
  const { forgetSnapshots, planForget } = await import('@hikae/engine')
  if (unreadable.length > 0) throw unreadableError(unreadable)
  const own = all.filter(({ tags: has = [] }) => tags.every((tag) => has.includes(tag)))
  const isGood = ({ tags: has = [] }: StoredSnapshot): boolean => !has.includes(INCOMPLETE_TAG)
  const remove = [own.filter(isGood), own.filter((snapshot) => !isGood(snapshot))].flatMap((snapshots) => {
    if (snapshots.length === 0) return []
    const options = { now: BigInt(now.getTime()) * 1_000_000n, groupBy: [] }
    return planForget(snapshots, policy, options).groups.flatMap((group) => group.remove)
  })
  const { removed, failed } = await forgetSnapshots(repository, remove, {
    signal,
    confirmLock: () => lock.confirm(),
  })
  if (failed.length > 0) throw failed[0]!.error
  return { removed: removed.length, kept: own.length - removed.length }
}

function unreadableError(ids: readonly SnapshotId[]): InputError {
  const more = ids.length > 1 ? ` and ${ids.length - 1} more cannot` : ' cannot'
  return new InputError(`snapshot ${ids[0]!.slice(0, 8)}${more} be read, so nothing was removed`, {
    hint: 'run `hikae check` on the repository, then `hikae repair snapshots`',
  })
}
