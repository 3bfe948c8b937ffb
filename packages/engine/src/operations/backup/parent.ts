import { parseTime } from '../../json/go-time.ts'
import { type GroupingKey, resolveSnapshot } from '../../snapshot/select.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import type { BackupOptions, BackupTarget } from './report.ts'

/** The snapshot to compare with (§15): the one asked for, else the newest of the same group that is not later. */
export async function findParent(
  target: BackupTarget,
  options: BackupOptions,
  timeNs: bigint,
): Promise<StoredSnapshot | undefined> {
  if (options.force) return undefined
  // What cannot be read is no parent, and must not keep anybody from making another snapshot.
  const snapshots =
    target.snapshots ??
    (await target.repository.snapshots(options.signal, (_, error) => options.onWarning?.(error.message)))
  if (target.parent !== undefined) return resolveSnapshot(snapshots, target.parent).snapshot
  const groupBy = options.groupBy ?? ['host', 'paths']
  return snapshots
    .filter((snapshot) => parseTime(snapshot.time) <= timeNs && isSameGroup(snapshot, options, groupBy))
    .reduce<StoredSnapshot | undefined>(
      (newest, snapshot) => (newest && parseTime(newest.time) > parseTime(snapshot.time) ? newest : snapshot),
      undefined,
    )
}

function isSameGroup(snapshot: StoredSnapshot, options: BackupOptions, groupBy: readonly GroupingKey[]): boolean {
  if (groupBy.includes('host') && (snapshot.hostname ?? '') !== options.hostname) return false
  if (groupBy.includes('paths') && !options.paths.every((path) => snapshot.paths.includes(path))) return false
  if (!groupBy.includes('tags')) return true
  const tags = snapshot.tags ?? []
  return tags.length === options.tags.length && options.tags.every((tag) => tags.includes(tag))
}
