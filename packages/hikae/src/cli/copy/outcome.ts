import type { CopyProgress, SnapshotCopy } from '@hikae/engine'
import { formatBytesRoughly, formatCount, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printableMessage, printablePath, printableText } from '../output/printable.ts'
import type { ProgressView } from '../output/progress.ts'
import { describeSnapshot, shortId } from '../output/snapshot.ts'
import { truncateEnd } from '../output/width.ts'

/** How far a copy is. */
export const COPY_VIEW: ProgressView<CopyProgress> = {
  lines: (progress, width) => [truncateEnd(describe(progress), width)],
  line: describe,
  json: (progress) => ({
    seconds_elapsed: Math.floor(progress.secondsElapsed),
    snapshots_done: progress.snapshotsDone,
    total_snapshots: progress.snapshotsTotal,
    trees_read: progress.trees,
    blobs_done: progress.blobsDone,
    total_blobs: progress.blobsWanted,
    bytes_done: progress.bytesDone,
    total_bytes: progress.bytesWanted,
  }),
}

function describe(progress: CopyProgress): string {
  const { secondsElapsed, snapshotsDone, snapshotsTotal, trees, bytesDone, bytesWanted } = progress
  const snapshots = `${formatCount(snapshotsDone)} of ${formatQuantity(snapshotsTotal, 'snapshot')}`
  const data = `${formatBytesRoughly(bytesDone)} of ${formatBytesRoughly(bytesWanted)} found so far`
  const read = formatQuantity(trees, 'directory', 'directories')
  return `[${formatDuration(secondsElapsed)}] ${snapshots}, copied ${data} in ${read}`
}

/** Names of the two repositories, where there is more than one pair. */
export interface CopyRoute {
  readonly from: string
  readonly to: string
}

/** What became of one snapshot. */
export function printOutcome(outcome: SnapshotCopy, out: Output, route?: CopyRoute): void {
  const { kind, snapshot } = outcome
  const where = route === undefined ? '' : `${printableText(route.to)}: `
  const way = route === undefined ? {} : { from: route.from, repository: route.to }
  if (kind === 'damaged') {
    const { path, reason } = outcome
    const message = `${describeSnapshot(snapshot)} was not copied: ${printablePath(path)}: ${printableMessage(reason)}`
    out.problem(`${out.paintError('red', 'error:')} ${where}${message}`, {
      message_type: 'error',
      error: { message: reason },
      during: 'copy',
      item: jsonPath(path),
      snapshot: snapshot.id,
      ...way,
    })
    return
  }
  const id = outcome.copy.id
  if (out.json) out.document({ message_type: `snapshot_${kind}`, snapshot: snapshot.id, copy: id, ...way })
  else if (kind === 'copied') {
    const from = route === undefined ? '' : ` from ${printableText(route.from)}`
    out.note(`${where}copied ${describeSnapshot(snapshot)} as ${shortId(id)}${from}`)
  } else out.detail(`${where}${describeSnapshot(snapshot)} is there already, as ${shortId(id)}`)
}
