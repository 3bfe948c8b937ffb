import type { RewriteProgress } from '@hikae/engine'
import { formatDuration, formatQuantity } from './format.ts'
import type { ProgressView } from './progress.ts'
import { truncateEnd } from './width.ts'

/** How far a command is that goes through snapshots and their directories. */
export const SNAPSHOTS_VIEW: ProgressView<RewriteProgress> = {
  lines: (progress, width) => [truncateEnd(describe(progress), width)],
  line: describe,
  json: (progress) => ({
    seconds_elapsed: Math.floor(progress.secondsElapsed),
    snapshots_done: progress.snapshotsDone,
    total_snapshots: progress.snapshotsTotal,
    trees_read: progress.treesRead,
  }),
}

function describe({ snapshotsDone, snapshotsTotal, treesRead, secondsElapsed }: RewriteProgress): string {
  const trees = formatQuantity(treesRead, 'directory', 'directories')
  return `[${formatDuration(secondsElapsed)}] ${snapshotsDone} of ${formatQuantity(snapshotsTotal, 'snapshot')}, read ${trees}`
}
