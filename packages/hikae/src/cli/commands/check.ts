import type { CheckProgress, ReadDataSelection } from '@hikae/engine'
import { CHECK_ACCESS, checkRepository } from '../check/check-repository.ts'
import { printCheck } from '../check/report.ts'
import { command } from '../command.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { flag, value } from '../option.ts'
import { formatBytes, formatCount, formatDuration, formatQuantity } from '../output/format.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import { truncateEnd } from '../output/width.ts'
import { openSession } from '../repository/session.ts'
import { type DataSubset, parseDataSubset } from '../values/data-subset.ts'
import { parseDuration } from '../values/duration.ts'

export const check = command({
  name: 'check',
  group: 'Prove',
  summary: 'Prove that a repository is whole',
  description:
    'Without options, everything is checked but the content of files: that every index, snapshot and directory can be read, and ' +
    'that every piece of every file is stored. With --read-data, all data is read, decrypted and compared with its checksum. ' +
    'With --read-data-within 30d, each call reads what was not read for longest, so much that regular calls read everything ' +
    'within 30 days; what was read is remembered on this machine, also when the check is stopped. ' +
    'With maintenance: in hikae.yaml, repositories are checked by themselves.',
  arguments: [],
  options: {
    readData: flag({ help: 'read all data' }),
    readDataSubset: value({
      placeholder: 'PART',
      parse: parseDataSubset,
      help: 'read a part of it: 2/7 is the second of seven parts, 5% a random share, 10G a random amount',
    }),
    readDataWithin: value({
      placeholder: 'DURATION',
      parse: parseDuration,
      help: 'read so much of it, the longest unread first, that regular checks read everything within 30d, 12h, …',
    }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['check', 'quick'],
    ['check --read-data-within 30d', 'every night: all data is read at least once a month'],
  ],
  async run({ options, globals }, context) {
    const readData = readDataOf(options)
    await using session = await openSession(globals, context, CHECK_ACCESS)
    const { out } = context
    const { report, isRemembered } = await withProgress(out, VIEW, async (progress) =>
      checkRepository(session, { readData, onProgress: (state) => progress.update(state) }, context),
    )
    printCheck(report, out)
    if (report.errors.length > 0) return EXIT.failed
    // Without memory, the next check would read the same again, and never everything.
    return options.readDataWithin !== undefined && !isRemembered ? EXIT.incomplete : EXIT.succeeded
  },
})

interface ReadDataOptions {
  readonly readData: boolean
  readonly readDataSubset: DataSubset | undefined
  readonly readDataWithin: number | undefined
}

function readDataOf({ readData, readDataSubset, readDataWithin }: ReadDataOptions): ReadDataSelection | undefined {
  const given = [readData || undefined, readDataSubset, readDataWithin].filter((value) => value !== undefined)
  if (given.length > 1) {
    throw new UsageError('only one of --read-data, --read-data-subset and --read-data-within can be used')
  }
  if (readData) return 'all'
  return readDataWithin === undefined ? readDataSubset : { withinMs: readDataWithin }
}

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
