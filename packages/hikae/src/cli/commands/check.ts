import type { CheckFinding, CheckProgress, CheckReport } from '@hikae/engine'
import { command } from '../command.ts'
import { UsageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { flag, value } from '../option.ts'
import { formatBytes, formatCount, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableMessage } from '../output/printable.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import { truncateEnd } from '../output/width.ts'
import { openSession } from '../repository/session.ts'
import { type DataSubset, parseDataSubset } from '../values/data-subset.ts'

export const check = command({
  name: 'check',
  group: 'Prove',
  summary: 'Prove that a repository is whole',
  description:
    'Without options, everything is checked but the content of files: that every index, snapshot and directory can be read, and ' +
    'that every piece of every file is stored. With --read-data, all data is read, decrypted and compared with its checksum.',
  arguments: [],
  options: {
    readData: flag({ help: 'read all data' }),
    readDataSubset: value({
      placeholder: 'PART',
      parse: parseDataSubset,
      help: 'read a part of it: 2/7 is the second of seven parts, 5% a random share, 10G a random amount',
    }),
  },
  globals: ['repository', 'output'],
  examples: [
    ['check', 'quick'],
    ['check --read-data-subset 5%', 'every night, so that all data is read in a month'],
  ],
  async run({ options, globals }, context) {
    const engine = await import('@hikae/engine')
    if (options.readData && options.readDataSubset !== undefined) {
      throw new UsageError('only one of --read-data and --read-data-subset can be used')
    }
    const readData: 'all' | DataSubset | undefined = options.readData ? 'all' : options.readDataSubset
    await using session = await openSession(globals, context, { lock: 'exclusive', readOnly: true, index: 'unloaded' })
    const report = await withProgress(context.out, VIEW, async (progress) =>
      engine.check(session.repository, {
        ...(readData === undefined ? {} : { readData }),
        signal: session.signal,
        onProgress: (state) => progress.update(state),
      }),
    )
    print(report, context.out)
    return report.errors.length === 0 ? EXIT.succeeded : EXIT.failed
  },
})

/** Left-overs are harmless and may be many. */
const HINTS_SHOWN = 5

const VIEW: ProgressView<CheckProgress> = {
  lines: (progress, width) => [truncateEnd(describe(progress), width)],
  line: describe,
  json: (progress) => ({
    seconds_elapsed: Math.floor(progress.secondsElapsed),
    snapshots_checked: progress.snapshots,
    trees_checked: progress.treesDone,
    packs_read: progress.packsDone,
    total_packs: progress.packsTotal,
    bytes_read: progress.bytesDone,
    total_bytes: progress.bytesTotal,
    error_count: progress.errors,
  }),
}

function describe(progress: CheckProgress): string {
  const { secondsElapsed, snapshots, treesDone, packsDone, packsTotal, bytesDone, bytesTotal, errors } = progress
  const time = `[${formatDuration(secondsElapsed)}]`
  const problems = errors > 0 ? `, ${formatQuantity(errors, 'error')}` : ''
  const structure = `${formatQuantity(snapshots, 'snapshot')}, ${formatQuantity(treesDone, 'directory', 'directories')}`
  if (packsTotal === 0) return `${time} checked ${structure}${problems}`
  const packs = `${formatCount(packsDone)} of ${formatQuantity(packsTotal, 'pack')}`
  return `${time} read ${packs}, ${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}${problems}`
}

function print(report: CheckReport, out: Output): void {
  for (const finding of report.errors) printFinding('error', finding, out)
  const shown = out.json || out.verbosity > 0 ? report.hints.length : HINTS_SHOWN
  for (const finding of report.hints.slice(0, shown)) printFinding('hint', finding, out)
  if (report.hints.length > shown) out.note(`${report.hints.length - shown} more hints are shown with -v`)
  if (out.json) return out.document(summaryJson(report))
  out.note(
    `checked ${formatQuantity(report.snapshots, 'snapshot')}, ${formatQuantity(report.trees, 'directory', 'directories')}, ` +
      formatQuantity(report.packs, 'pack'),
  )
  if (report.packsRead > 0) {
    out.note(`read ${formatQuantity(report.packsRead, 'pack')}, ${formatBytes(report.bytesRead)}`)
  }
  if (report.errors.length === 0) out.line(out.paint('green', 'no errors were found'))
  else out.line(out.paint('red', `${formatQuantity(report.errors.length, 'error')} found`))
  for (const suggestion of report.suggestions) out.line(`next: ${printableMessage(suggestion)}`)
}

function printFinding(severity: 'error' | 'hint', { kind, message }: CheckFinding, out: Output): void {
  const label = out.paintError(severity === 'error' ? 'red' : 'yellow', `${severity}:`)
  out.problem(`${label} ${printableMessage(message)}`, { message_type: severity, kind, message })
}

function summaryJson(report: CheckReport): object {
  return {
    message_type: 'summary',
    num_errors: report.errors.length,
    broken_packs: report.damagedPacks.length > 0 ? report.damagedPacks : null,
    suggest_repair_index: report.suggestions.some((text) => text.includes('repair index')),
    suggest_prune: report.suggestions.some((text) => text.includes('prune')),
    snapshots: report.snapshots,
    trees: report.trees,
    packs: report.packs,
    packs_read: report.packsRead,
    bytes_read: report.bytesRead,
    num_hints: report.hints.length,
  }
}
