import type { ForgetGroup, ForgetPlan, KeptSnapshot, StoredSnapshot } from '@hikae/engine'
import { formatBytes, formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { shortId, snapshotJson } from '../output/snapshot.ts'
import { describeGroup, type GroupKey } from '../output/snapshot-table.ts'
import { type Column, tableLines } from '../output/table.ts'

/** Per group, what stays and why, and what goes; oldest first, as other lists of snapshots. */
export function printPlan({ groups }: ForgetPlan, out: Output, { compact }: { compact: boolean }): void {
  for (const group of groups) {
    out.line(out.paint('bold', `snapshots ${describeGroup(group)}`))
    if (group.keep.length > 0) {
      out.line(`keep ${formatQuantity(group.keep.length, 'snapshot')}:`)
      printTable(out, columnsFor(group, keptColumns(compact), compact), group.keep)
    }
    if (group.remove.length > 0) {
      out.line(out.paint('red', `remove ${formatQuantity(group.remove.length, 'snapshot')}:`))
      const rows = group.remove.map((snapshot) => ({ snapshot, reasons: [] }))
      printTable(out, columnsFor(group, [], compact), rows)
    } else {
      out.line('remove nothing')
    }
    out.line()
  }
}

function printTable(out: Output, columns: readonly Column<KeptSnapshot>[], rows: readonly KeptSnapshot[]): void {
  for (const line of tableLines(columns, rows.toReversed())) out.line(line)
}

function keptColumns(compact: boolean): Column<KeptSnapshot>[] {
  return [
    {
      heading: 'Reasons',
      cell: ({ reasons }) => (compact ? reasons.map(printableText).join(', ') : reasons.map(printableText)),
    },
  ]
}

/** What all snapshots of a group have in common stands in its title. */
function columnsFor(group: ForgetGroup, more: Column<KeptSnapshot>[], compact: boolean): Column<KeptSnapshot>[] {
  const all = [...group.keep.map(({ snapshot }) => snapshot), ...group.remove]
  const columns: Column<KeptSnapshot>[] = [
    { heading: 'ID', cell: ({ snapshot }) => shortId(snapshot.id) },
    { heading: 'Time', cell: ({ snapshot }) => formatTime(snapshot.time) },
  ]
  if (group.hostname === undefined) {
    columns.push({ heading: 'Host', cell: ({ snapshot }) => printableText(snapshot.hostname ?? '') })
  }
  if (group.tags === undefined && all.some(({ tags }) => tags?.length)) {
    columns.push({ heading: 'Tags', cell: ({ snapshot }) => textsCell(snapshot.tags ?? [], compact) })
  }
  columns.push(...more)
  if (group.paths === undefined && !compact) {
    columns.push({ heading: 'Paths', cell: ({ snapshot }) => snapshot.paths.map(printableText) })
  }
  if (all.some(({ summary }) => summary)) columns.push({ heading: 'Size', align: 'right', cell: sizeCell })
  return columns
}

function textsCell(texts: readonly string[], compact: boolean): string | string[] {
  return compact ? texts.map(printableText).join(',') : texts.map(printableText)
}

function sizeCell({ snapshot: { summary } }: KeptSnapshot): string {
  return summary ? formatBytes(summary.totalBytesProcessed) : ''
}

/** As `restic forget --json` has it. */
export function planJson({ groups }: ForgetPlan): object[] {
  return groups.map((group) => ({
    ...groupKeyJson(group),
    keep: orNull(group.keep.map(({ snapshot }) => snapshotJson(snapshot))),
    remove: orNull(group.remove.map(snapshotJson)),
    reasons: orNull(
      group.keep.map(({ snapshot, reasons }) => ({ snapshot: snapshotJson(snapshot), matches: [...reasons] })),
    ),
  }))
}

export function groupKeyJson({ hostname, paths, tags }: GroupKey): object {
  return { tags: orNull(tags ?? []), host: hostname ?? '', paths: paths ?? null }
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length > 0 ? list : null
}

/** The plan for snapshots that were named: they go, whatever a policy would say. */
export function planForNamed(snapshots: readonly StoredSnapshot[]): ForgetPlan {
  return { groups: [{ keep: [], remove: snapshots.toReversed(), inFuture: 0 }] }
}
