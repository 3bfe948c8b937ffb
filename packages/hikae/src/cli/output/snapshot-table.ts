import type { SnapshotGroup, StoredSnapshot } from '@hikae/engine'
import { formatBytes, formatTime } from './format.ts'
import { printableText } from './printable.ts'
import { shortId, snapshotJson } from './snapshot.ts'
import { type Column, tableLines } from './table.ts'

/** What the snapshots of a group have in common; only what they were grouped by. */
export type GroupKey = Omit<SnapshotGroup, 'snapshots'>

/** @param snapshots at least one */
export function snapshotTable(snapshots: readonly StoredSnapshot[], { compact }: { compact: boolean }): string[] {
  const columns: Column<StoredSnapshot>[] = [
    { heading: 'ID', cell: ({ id }) => shortId(id) },
    { heading: 'Time', cell: ({ time }) => formatTime(time) },
    { heading: 'Host', cell: ({ hostname }) => printableText(hostname ?? '') },
    { heading: 'Tags', cell: ({ tags }) => (tags ?? []).map(printableText) },
  ]
  if (!compact) columns.push({ heading: 'Paths', cell: ({ paths }) => paths.map(printableText) })
  if (snapshots.some(({ summary }) => summary)) {
    columns.push({
      heading: 'Size',
      align: 'right',
      cell: ({ summary }) => (summary ? formatBytes(summary.totalBytesProcessed) : ''),
    })
  }
  return tableLines(columns, snapshots)
}

/** `of host [db1], paths [/srv]` */
export function describeGroup({ hostname, paths, tags }: GroupKey): string {
  const parts = [
    ...(hostname === undefined ? [] : [`host ${printableText(hostname)}`]),
    ...(paths === undefined ? [] : [`paths ${paths.map(printableText).join(', ')}`]),
    ...(tags === undefined ? [] : [`tags ${tags.map(printableText).join(', ') || '(none)'}`]),
  ]
  return `of ${parts.join(' · ') || 'all hosts and paths'}`
}

export function groupJson({ hostname, paths, tags }: GroupKey, snapshots: readonly StoredSnapshot[]): object {
  return {
    group_key: { hostname: hostname ?? '', paths: paths ?? null, tags: tags ?? null },
    snapshots: snapshots.map(snapshotJson),
  }
}
