import type { SourceStatus } from '../../jobs/source-status.ts'
import { endOfWaiting } from '../jobs/labelled/known-sources.ts'
import { formatAge } from '../output/age.ts'
import { formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { type Column, columnLines } from '../output/table.ts'
import { drillText, lastDrillJson, type LastDrills, timeToBeBack } from './drill-text.ts'

const COLOURS = { fresh: 'green', overdue: 'yellow', never: 'red' } as const

/** How each source stands, and what would be lost now. */
export function printSources(sources: readonly SourceStatus[], drills: LastDrills, out: Output, nowMs: number): void {
  const columns: Column<SourceStatus>[] = [
    { heading: '', cell: ({ source }) => printableText(source) },
    { heading: '', cell: (status) => verdictText(status, out) },
    { heading: '', cell: (status) => lossText(status, nowMs) },
    { heading: '', cell: placesText },
    { heading: '', cell: nextText },
    { heading: '', cell: (status) => drillText(status, drills, out, nowMs) },
  ]
  for (const line of columnLines(columns, sources)) out.line(line)
  out.line()
  for (const { source, gone } of sources) if (gone) printGone({ source, ...gone }, out, nowMs)
  out.line(answer(sources, drills, nowMs))
  out.line()
}

function nextText({ next, gone }: SourceStatus): string {
  if (gone) return 'gone'
  return next === undefined ? 'runs when asked' : `next ${formatTime(next.toISOString())}`
}

function printGone(
  gone: NonNullable<SourceStatus['gone']> & { readonly source: string },
  out: Output,
  nowMs: number,
): void {
  const { source, container, lastSeen } = gone
  const age = formatAge(nowMs - Date.parse(lastSeen))
  const what = `the container ${printableText(container)}, which brought the source ${printableText(source)}, was last seen ${age} ago`
  out.line(`${what}: nothing saves it now, and its snapshots stay`)
  out.line(`next: ${printableText(endOfWaiting({ source, container }))}`)
  out.line()
}

function verdictText({ verdict, rpoMs }: SourceStatus, out: Output): string {
  const promise = verdict === 'overdue' && rpoMs !== undefined ? ` (promised: ${formatAge(rpoMs)})` : ''
  return out.paint(COLOURS[verdict], verdict) + promise
}

function lossText({ lastGood }: SourceStatus, nowMs: number): string {
  return lastGood === undefined ? 'no good snapshot' : `last good ${formatAge(nowMs - lastGood.getTime())} ago`
}

function placesText({ heldBy, missingFrom }: SourceStatus): string {
  const held = heldBy.length === 0 ? 'nowhere' : `in ${heldBy.map(printableText).join(', ')}`
  return missingFrom.length === 0 ? held : `${held}, not in ${missingFrom.map(printableText).join(', ')}`
}

/** What would be lost now, and how long it would take to be back? */
function answer(sources: readonly SourceStatus[], drills: LastDrills, nowMs: number): string {
  const lost = sources.filter(({ lastGood }) => lastGood === undefined).map(({ source }) => source)
  const oldest = Math.max(0, ...sources.flatMap(({ lastGood }) => (lastGood ? [nowMs - lastGood.getTime()] : [])))
  const all = lost.length === 0 ? '' : `all of ${lost.map(printableText).join(', ')}, and elsewhere `
  const promised = Math.max(0, ...sources.map(({ rtoMs }) => rtoMs ?? 0))
  const back = `${timeToBeBack(sources, drills)}${promised === 0 ? '' : `; promised within ${formatAge(promised)}`}`
  return `if everything were lost now: ${all}what changed in the last ${formatAge(oldest)}; time to be back: ${back}`
}

/** For programs. */
export function sourceJson(status: SourceStatus, drills: LastDrills, nowMs: number): object {
  const { source, kind, jobs, verdict, lastGood, heldBy, missingFrom, rpoMs, rtoMs, next, gone } = status
  const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : Math.floor(ms / 1000))
  return {
    ...{ source, kind, jobs, verdict },
    last_good: lastGood?.toISOString() ?? null,
    age_seconds: seconds(lastGood && nowMs - lastGood.getTime()),
    ...{ repositories: heldBy, missing_from: missingFrom },
    ...{ rpo_seconds: seconds(rpoMs), rto_seconds: seconds(rtoMs), next: gone ? null : (next?.toISOString() ?? null) },
    last_drill: lastDrillJson(drills.get(source)),
    gone: gone ? { container: gone.container, last_seen: gone.lastSeen } : null,
  }
}
