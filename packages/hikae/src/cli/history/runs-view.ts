import type { RunRecord, SourceResult } from '../../state/run-record.ts'
import { formatBytesRoughly, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { type Column, tableLines } from '../output/table.ts'
import { durationOf } from './run-seconds.ts'

/** A table of runs. @param nowMs for those that are not over */
export function printRuns(runs: readonly RunRecord[], out: Output, nowMs: number): void {
  const columns: Column<RunRecord>[] = [
    { heading: 'Run', cell: ({ id }) => id },
    { heading: 'When', cell: ({ startedAt }) => formatTime(startedAt) },
    { heading: 'Job', cell: ({ job }) => printableText(job) },
    { heading: 'Outcome', cell: ({ outcome }) => outcome ?? 'running' },
    { heading: 'Duration', align: 'right', cell: (run) => durationOf(run, nowMs) },
    { heading: 'Sources', align: 'right', cell: ({ sources }) => sourceCount(sources) },
    { heading: 'Read', align: 'right', cell: ({ sources }) => sumOf(sources, ({ bytes }) => bytes) },
    { heading: 'Added', align: 'right', cell: ({ sources }) => sumOf(sources, ({ addedBytes }) => addedBytes) },
  ]
  for (const line of tableLines(columns, runs)) out.line(line)
}

/** `3`, or `2 of 3` when one did not succeed. */
function sourceCount(sources: readonly SourceResult[]): string {
  const good = sources.filter(({ outcome }) => outcome === 'succeeded').length
  if (sources.length === 0) return ''
  return good === sources.length ? String(good) : `${good} of ${sources.length}`
}

function sumOf(sources: readonly SourceResult[], bytesOf: (source: SourceResult) => number): string {
  if (sources.length === 0) return ''
  return formatBytesRoughly(sources.reduce((sum, source) => sum + bytesOf(source), 0))
}
