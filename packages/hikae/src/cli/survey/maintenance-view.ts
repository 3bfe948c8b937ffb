import { isFine, type MaintenanceStatus, type MaintenanceVerdict } from '../../maintenance/maintenance-status.ts'
import { formatAge } from '../output/age.ts'
import { formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { type Column, columnLines } from '../output/table.ts'

const VERDICTS: Readonly<Record<MaintenanceVerdict, readonly [text: string, colour: 'green' | 'yellow' | 'red']>> = {
  done: ['done', 'green'],
  never: ['not yet', 'yellow'],
  overdue: ['overdue', 'yellow'],
  failed: ['not done', 'yellow'],
  damaged: ['damaged', 'red'],
}

/** A line for each task in each repository, and what is wrong with what to do about it. */
export function printMaintenanceStatus(statuses: readonly MaintenanceStatus[], out: Output, nowMs: number): void {
  if (statuses.length === 0) return
  const columns: Column<MaintenanceStatus>[] = [
    { heading: '', cell: ({ task }) => task },
    { heading: '', cell: ({ repository }) => printableText(repository) },
    { heading: '', cell: ({ verdict }) => out.paint(VERDICTS[verdict][1], VERDICTS[verdict][0]) },
    { heading: '', cell: (status) => ageText(status, nowMs) },
    { heading: '', cell: ({ next }) => (next === undefined ? '' : `next ${nextText(next, nowMs)}`) },
  ]
  for (const line of columnLines(columns, statuses)) out.line(line)
  for (const status of statuses) printTrouble(status, out)
  out.line()
}

function printTrouble({ task, repository, trouble, ...status }: MaintenanceStatus, out: Output): void {
  if (isFine({ task, repository, ...status }) || trouble === undefined) return
  out.line(`${task} of ${printableText(repository)}: ${printableText(trouble.message ?? 'for an unknown reason')}`)
  if (trouble.hint !== undefined) out.line(`  next: ${printableText(trouble.hint)}`)
}

function ageText({ verdict, lastGood, trouble }: MaintenanceStatus, nowMs: number): string {
  if (verdict === 'damaged' && trouble) return `found ${formatAge(nowMs - Date.parse(trouble.startedAt))} ago`
  return lastGood === undefined ? 'never done' : `last ${formatAge(nowMs - lastGood.getTime())} ago`
}

function nextText(next: Date, nowMs: number): string {
  return next.getTime() <= nowMs ? 'now' : formatTime(next.toISOString())
}

/** For programs. */
export function maintenanceJson({ task, repository, verdict, lastGood, trouble, next }: MaintenanceStatus): object {
  return {
    task,
    repository,
    verdict,
    last_good: lastGood?.toISOString() ?? null,
    next: next?.toISOString() ?? null,
    trouble:
      trouble === undefined
        ? null
        : { since: trouble.startedAt, message: trouble.message ?? null, hint: trouble.hint ?? null },
  }
}
