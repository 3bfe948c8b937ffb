import type { SourceResult, StepRecord } from '../../state/run-record.ts'
import { formatBytes, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import type { EndedRun } from './stack-runner.ts'

const COLOURS = { succeeded: 'green', incomplete: 'yellow', failed: 'red', cancelled: 'yellow' } as const

/** How a run of a job went, for people: a line for each source, and what went wrong with what to do about it. */
export function printRun({ id, job, outcome, steps, sources }: EndedRun, out: Output): void {
  if (out.json) {
    out.document({ message_type: 'run', run: id, job, outcome, steps, sources })
    return
  }
  for (const step of steps) printTrouble(step, out)
  const width = Math.max(...sources.map(({ source }) => source.length))
  for (const result of sources) out.line(`  ${result.source.padEnd(width)}  ${describe(result, out)}`)
  const end = out.paint(COLOURS[outcome], outcome)
  out.line(`job ${job} ${end}${outcome === 'succeeded' ? '' : `; see \`hikae logs ${id}\``}`)
}

function printTrouble({ kind, source, repository, outcome, message, hint }: StepRecord, out: Output): void {
  if (outcome === 'succeeded' || outcome === undefined) return
  const about = [source, repository].filter((part) => part !== undefined).join(' → ')
  const what = about === '' ? kind : `${about}: ${kind}`
  const next = hint === undefined ? '' : `\nnext: ${printableText(hint)}`
  out.problem(`${what} ${outcome}: ${printableText(message ?? 'for an unknown reason')}${next}`, {})
}

function describe({ outcome, files, bytes, storedBytes, snapshots, seconds }: SourceResult, out: Output): string {
  const places = Object.keys(snapshots)
  if (places.length === 0) return out.paint(COLOURS[outcome], outcome)
  const end = out.paint(COLOURS[outcome], outcome.padEnd('incomplete'.length))
  const size = `${formatQuantity(files, 'file')}, ${formatBytes(bytes)}, ${formatBytes(storedBytes)} stored`
  return `${end}  ${size}  in ${places.join(', ')}  ${formatDuration(seconds)}`
}
