import { ZERO_TIME } from '../../json/go-time.ts'
import type { Snapshot, SnapshotSummary } from '../../snapshot/snapshot.ts'
import type { RewrittenTree } from './tree-results.ts'

/**
 * The summary of a snapshot with these files (§9): what the backup counted stays, but for the totals.
 *
 * @returns the old one when it is right
 */
export function summaryAfter({ summary }: Snapshot, { files, bytes }: RewrittenTree): SnapshotSummary {
  if (summary?.totalFilesProcessed === files && summary.totalBytesProcessed === bytes) return summary
  return { ...(summary ?? NO_SUMMARY), totalFilesProcessed: files, totalBytesProcessed: bytes }
}

const NO_SUMMARY: SnapshotSummary = {
  backupStart: ZERO_TIME,
  backupEnd: ZERO_TIME,
  filesNew: 0,
  filesChanged: 0,
  filesUnmodified: 0,
  dirsNew: 0,
  dirsChanged: 0,
  dirsUnmodified: 0,
  dataBlobs: 0,
  treeBlobs: 0,
  dataAdded: 0,
  dataAddedPacked: 0,
  totalFilesProcessed: 0,
  totalBytesProcessed: 0,
}
