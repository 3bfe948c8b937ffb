import type { JobSource } from '../../jobs/job.ts'
import type { DrillRecord } from '../../state/drills.ts'
import type { BestPoint } from '../jobs/find-point.ts'
import { formatAge } from '../output/age.ts'
import { formatBytes, formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { shortId } from '../output/snapshot.ts'
import { tookText } from './took-text.ts'

const COLOURS = { succeeded: 'green', incomplete: 'yellow', failed: 'red' } as const

/** What begins now, which may take its time. */
export function noteDrill({ name, kind }: JobSource, { snapshot, repository }: BestPoint, out: Output): void {
  const from = `snapshot ${shortId(snapshot.id)} of ${formatTime(snapshot.time)} from ${printableText(repository)}`
  out.note(`rehearsing the restore of ${printableText(name)} (${kind.name}) from ${from}`)
}

/** @param promisedMs within which a restore was promised */
export function printDrill(drill: DrillRecord, promisedMs: number | undefined, out: Output): void {
  if (out.json) return out.document(drillJson(drill, promisedMs))
  for (const { severity, message, hint } of drill.findings) {
    const label = severity === 'error' ? out.paintError('red', 'error:') : out.paintError('yellow', 'warning:')
    const next = hint === undefined ? '' : `\nnext: ${printableText(hint)}`
    out.problem(`${label} ${printableText(`${drill.source}: ${message}`)}${next}`, {})
  }
  const { source, outcome, seconds } = drill
  const end = out.paint(COLOURS[outcome], outcome)
  out.line(
    `  ${printableText(source)}  ${end}  ${whatText(drill)} ${tookText(seconds)}${promiseText(drill, promisedMs)}`,
  )
}

/** For programs. */
function drillJson(drill: DrillRecord, promisedMs: number | undefined): object {
  const { source, kind, outcome, startedAt, seconds, snapshot, pointTime, repository, files, bytes, findings } = drill
  return {
    ...{ message_type: 'drill', source, kind, outcome, started_at: startedAt, seconds },
    rto_seconds: promisedMs === undefined ? null : promisedMs / 1000,
    ...{ snapshot, time: pointTime, repository, files: files ?? null, bytes: bytes ?? null, findings },
  }
}

/** Whether it took longer than a restore may take. */
export function isTooSlow({ seconds }: DrillRecord, promisedMs: number | undefined): boolean {
  return promisedMs !== undefined && seconds * 1000 > promisedMs
}

function whatText({ outcome, files, bytes }: DrillRecord): string {
  if (outcome === 'failed' || files === undefined || bytes === undefined) return 'not as it should be, after'
  return `${formatQuantity(files, 'file')}, ${formatBytes(bytes)}, back in`
}

function promiseText(drill: DrillRecord, promisedMs: number | undefined): string {
  if (promisedMs === undefined) return ''
  return ` (${isTooSlow(drill, promisedMs) ? 'slower than ' : ''}promised: ${formatAge(promisedMs)})`
}
