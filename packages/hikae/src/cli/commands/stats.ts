import type { StatsReport } from '@hikae/engine'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { value } from '../option.ts'
import { formatBytes, formatCount } from '../output/format.ts'
import { openSession } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'
import { oneOf } from '../values/choice.ts'

const MODES = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'] as const

export const stats = command({
  name: 'stats',
  group: 'Look',
  summary: 'Count what snapshots hold and how much room they take',
  description:
    'restore-size counts files as a restore would write them; files-by-contents counts equal files once; blobs-per-file counts ' +
    'the distinct pieces of files; raw-data counts what is stored, after compression, and how well it compressed.',
  arguments: [{ name: 'SNAPSHOT', help: 'only these: ids, beginnings of ids, or latest', variadic: true }],
  options: {
    ...snapshotFilterOptions,
    mode: value({
      placeholder: 'MODE',
      parse: oneOf(MODES),
      choices: MODES,
      help: `${MODES.join(', ')} (default the first)`,
    }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['stats latest', 'how large a restore would be'],
    ['stats --mode raw-data', 'how much room everything takes'],
  ],
  async run({ options, globals, args }, context) {
    const engine = await import('@hikae/engine')
    const mode = options.mode ?? 'restore-size'
    await using session = await openSession(globals, context, { lock: 'shared', readOnly: true })
    const { snapshots, isComplete } = await selectSnapshots(session, args, options, context.out)
    print(await engine.stats(session.repository, snapshots, { mode, signal: session.signal }), mode, context)
    return isComplete ? EXIT.succeeded : EXIT.incomplete
  },
})

function print(report: StatsReport, mode: (typeof MODES)[number], { out }: CommandContext): void {
  if (out.json) return out.document(statsJson(report))
  const { totalBlobs, totalFiles, totalSize, compression } = report
  const rows: (readonly [string, string])[] = [
    ['Snapshots processed', formatCount(report.snapshots)],
    ...(totalBlobs === undefined ? [] : [['Total Blob Count', formatCount(totalBlobs)] as const]),
    ...(totalFiles === undefined ? [] : [['Total File Count', formatCount(totalFiles)] as const]),
    ...(compression ? [['Total Uncompressed Size', formatBytes(compression.uncompressedSize)] as const] : []),
    ['Total Size', formatBytes(totalSize)],
  ]
  if (compression) {
    rows.push(['Compression Progress', `${compression.progress.toFixed(2)}%`])
    rows.push(['Compression Ratio', `${compression.ratio.toFixed(2)}x`])
    rows.push(['Compression Space Saving', `${compression.spaceSaving.toFixed(2)}%`])
  }
  out.line(`Stats in ${mode} mode:`)
  for (const [name, text] of rows) out.line(`${`${name}:`.padStart(26)}  ${text}`)
}

function statsJson({ totalSize, totalFiles, totalBlobs, compression, snapshots }: StatsReport): object {
  return {
    total_size: totalSize,
    ...(compression && {
      total_uncompressed_size: compression.uncompressedSize,
      compression_ratio: compression.ratio,
      compression_progress: compression.progress,
      compression_space_saving: compression.spaceSaving,
    }),
    ...(totalFiles === undefined ? {} : { total_file_count: totalFiles }),
    ...(totalBlobs === undefined ? {} : { total_blob_count: totalBlobs }),
    snapshots_count: snapshots,
  }
}
