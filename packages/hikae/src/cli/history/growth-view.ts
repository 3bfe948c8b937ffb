import type { SourceRun } from '../../state/runs.ts'
import { formatBytesRoughly, formatCount, formatDuration, formatQuantity, formatTime } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableText } from '../output/printable.ts'
import { type Column, tableLines } from '../output/table.ts'
import { sparkline } from './sparkline.ts'

/** How a source grew from run to run. @param runs oldest first */
export function printGrowth(source: string, runs: readonly SourceRun[], out: Output): void {
  const rows = runs.map((run, index) => ({ ...run, before: lastWhole(runs.slice(0, index)) }))
  const columns: Column<(typeof rows)[number]>[] = [
    { heading: 'Run', cell: ({ run }) => run },
    { heading: 'When', cell: ({ result }) => formatTime(result.startedAt) },
    { heading: 'Outcome', cell: ({ result }) => result.outcome },
    { heading: 'Size', align: 'right', cell: ({ result }) => formatBytesRoughly(result.bytes) },
    { heading: 'Change', align: 'right', cell: ({ result, before }) => change(result.bytes, before?.result.bytes) },
    { heading: 'Files', align: 'right', cell: ({ result }) => formatCount(result.files) },
    { heading: 'Added', align: 'right', cell: ({ result }) => formatBytesRoughly(result.addedBytes) },
    { heading: 'Duration', align: 'right', cell: ({ result }) => formatDuration(result.seconds) },
  ]
  for (const line of tableLines(columns, rows)) out.line(line)
  const sizes = runs.filter(isWhole).map(({ result }) => result.bytes)
  if (sizes.length > 1)
    out.line(`${printableText(source)}  ${out.paint('cyan', sparkline(sizes))}  ${growthText(sizes)}`)
}

/** What was read in part says nothing about the size. */
function isWhole({ result }: SourceRun): boolean {
  return result.outcome === 'succeeded'
}

function lastWhole(runs: readonly SourceRun[]): SourceRun | undefined {
  return runs.findLast(isWhole)
}

/** `+1.2 MiB`, `-3 B`, `=`; nothing when there is nothing to compare with. */
function change(bytes: number, before: number | undefined): string {
  if (before === undefined) return ''
  if (bytes === before) return '='
  return `${bytes > before ? '+' : '-'}${formatBytesRoughly(Math.abs(bytes - before))}`
}

function growthText(sizes: readonly number[]): string {
  const [first = 0, last = 0] = [sizes[0], sizes.at(-1)]
  const share =
    first === 0 ? '' : `, ${last >= first ? '+' : '-'}${((Math.abs(last - first) / first) * 100).toFixed(1)}%`
  return `${formatBytesRoughly(first)} to ${formatBytesRoughly(last)}${share} in ${formatQuantity(sizes.length, 'whole run')}`
}
