import type { SnapshotSummary, StoredSnapshot } from '@hikae/engine'
import { formatTime } from './format.ts'
import { printableText } from './printable.ts'
import { withoutUndefined } from '../../without-undefined.ts'

/** The first eight digits of an id: what people read and type. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

/** `snapshot 6f80c2e1 of /srv at 2026-11-21 08:30:00 by root@db1`, safe for a terminal. */
export function describeSnapshot(snapshot: StoredSnapshot): string {
  const paths = snapshot.paths.map(printableText).join(', ')
  const who = printableText(`${snapshot.username ?? ''}@${snapshot.hostname ?? ''}`)
  return `snapshot ${shortId(snapshot.id)} of ${paths} at ${formatTime(snapshot.time)} by ${who}`
}

/** A snapshot with restic's field names. */
export function snapshotJson(snapshot: StoredSnapshot): Record<string, unknown> {
  return withoutUndefined({
    time: snapshot.time,
    parent: snapshot.parent,
    tree: snapshot.tree,
    paths: snapshot.paths,
    hostname: snapshot.hostname,
    username: snapshot.username,
    uid: snapshot.uid || undefined,
    gid: snapshot.gid || undefined,
    excludes: nonEmpty(snapshot.excludes),
    tags: nonEmpty(snapshot.tags),
    original: snapshot.original,
    program_version: snapshot.programVersion,
    summary: snapshot.summary && { ...summaryTimes(snapshot.summary), ...summaryCounts(snapshot.summary) },
    id: snapshot.id,
    short_id: shortId(snapshot.id),
  })
}

export function summaryTimes(summary: SnapshotSummary): Record<string, string> {
  return { backup_start: summary.backupStart, backup_end: summary.backupEnd }
}

export function summaryCounts(summary: SnapshotSummary): Record<string, number> {
  return {
    files_new: summary.filesNew,
    files_changed: summary.filesChanged,
    files_unmodified: summary.filesUnmodified,
    dirs_new: summary.dirsNew,
    dirs_changed: summary.dirsChanged,
    dirs_unmodified: summary.dirsUnmodified,
    data_blobs: summary.dataBlobs,
    tree_blobs: summary.treeBlobs,
    data_added: summary.dataAdded,
    data_added_packed: summary.dataAddedPacked,
    total_files_processed: summary.totalFilesProcessed,
    total_bytes_processed: summary.totalBytesProcessed,
  }
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined
}
