import type { IndexRepairPlan, RepairIndexProgress } from '@hikae/engine'
import { command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { flag } from '../option.ts'
import { formatCount, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { printableMessage } from '../output/printable.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import { shortId } from '../output/snapshot.ts'
import { truncateEnd } from '../output/width.ts'
import { openSession } from '../repository/session.ts'

export const repairIndex = command({
  name: 'repair index',
  group: 'Keep house',
  summary: 'Make the index say what the packs hold',
  description:
    'Packs that are in no index are added, wrong entries corrected, missing packs dropped and unreadable index files replaced. ' +
    'Nothing is lost by it, and it works without any index. With exit code 3, some data is missing or a pack is damaged; the ' +
    'output says what to do next.',
  arguments: [],
  options: {
    readAllPacks: flag({ help: 'ask every pack what it holds, even where the index seems to be right' }),
    dryRun: flag({ short: 'n', help: 'change nothing, only tell what would be done' }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['repair index --dry-run', 'what is wrong with it'],
    ['repair index', 'after check said so'],
  ],
  async run({ options: { readAllPacks, dryRun }, globals }, context) {
    const engine = await import('@hikae/engine')
    const { out } = context
    const lock = dryRun ? 'shared' : 'exclusive'
    await using session = await openSession(globals, context, {
      lock,
      readOnly: dryRun,
      index: 'unloaded',
      cache: 'none',
    })
    const { plan, newIndexes } = await withProgress(out, VIEW, async (progress) =>
      engine.repairIndex(session.repository, {
        packs: readAllPacks ? 'all' : 'suspect',
        dryRun,
        signal: session.signal,
        confirmLock: async () => await session.lock?.confirm(),
        onPlan: (found) => printPlan(found, out),
        onProgress: (state) => progress.update(state),
      }),
    )
    printResult(plan, newIndexes.length, dryRun, out)
    return plan.lostBlobs === 0 && plan.damaged.length === 0 ? EXIT.succeeded : EXIT.incomplete
  },
})

const VIEW: ProgressView<RepairIndexProgress> = {
  lines: (progress, width) => [truncateEnd(describe(progress), width)],
  line: describe,
  json: ({ secondsElapsed, headersDone, headersTotal }) => ({
    seconds_elapsed: Math.floor(secondsElapsed),
    packs_read: headersDone,
    total_packs: headersTotal,
  }),
}

function describe({ secondsElapsed, headersDone, headersTotal }: RepairIndexProgress): string {
  const time = `[${formatDuration(secondsElapsed)}]`
  if (headersTotal === 0) return `${time} comparing the index with the packs`
  return `${time} asked ${formatCount(headersDone)} of ${formatQuantity(headersTotal, 'pack')}`
}

function printPlan(plan: IndexRepairPlan, out: Output): void {
  if (out.json) return
  for (const { id, reason } of plan.unreadableIndexes) {
    out.line(`index ${shortId(id)} cannot be read and is replaced: ${printableMessage(reason)}`)
  }
  for (const id of plan.added) out.line(`pack ${shortId(id)} is in no index: added`)
  for (const id of plan.corrected) out.line(`pack ${shortId(id)} holds something else than the index says: corrected`)
  for (const id of plan.merged) out.line(`pack ${shortId(id)} is named by several index files: merged`)
  for (const id of plan.missing) out.line(`pack ${shortId(id)} is missing: dropped from the index`)
}

function printResult(plan: IndexRepairPlan, written: number, dryRun: boolean, out: Output): void {
  for (const { id, reason, indexedBlobs } of plan.damaged) {
    const known =
      indexedBlobs > 0 ? `the index knows ${formatQuantity(indexedBlobs, 'blob')} of it` : 'it is in no index'
    out.problem(`${out.paintError('red', 'error:')} ${printableMessage(reason)}; ${known}`, {
      message_type: 'error',
      kind: 'pack-damaged',
      pack: id,
      message: reason,
    })
  }
  if (out.json) return out.document(summaryJson(plan, written, dryRun))
  const replaced = plan.obsolete.length
  if (replaced + plan.added.length === 0) out.line('the index is right: nothing to repair')
  else if (dryRun) out.line(`would store new index files and remove ${formatQuantity(replaced, 'old one')}`)
  else out.line(`stored ${formatQuantity(written, 'index file')} and removed ${formatQuantity(replaced, 'old one')}`)
  if (plan.lostBlobs > 0) {
    out.line(out.paint('yellow', `${formatQuantity(plan.lostBlobs, 'blob')} of missing packs cannot be found anywhere`))
  }
  for (const suggestion of suggestionsFor(plan)) out.line(`next: ${suggestion}`)
}

function suggestionsFor({ damaged, lostBlobs }: IndexRepairPlan): string[] {
  return [
    ...(damaged.length > 0 ? [`hikae repair packs ${damaged.map(({ id }) => id).join(' ')}`] : []),
    ...(lostBlobs > 0
      ? ['back up again: data that still exists is stored anew and heals older snapshots', 'hikae check']
      : []),
  ]
}

function summaryJson(plan: IndexRepairPlan, written: number, dryRun: boolean): object {
  return {
    message_type: 'summary',
    unreadable_indexes: plan.unreadableIndexes.map(({ id }) => id),
    added_packs: plan.added,
    corrected_packs: plan.corrected,
    merged_packs: plan.merged,
    missing_packs: plan.missing,
    damaged_packs: plan.damaged.map(({ id }) => id),
    lost_blobs: plan.lostBlobs,
    packs_read: plan.headersRead,
    removed_indexes: plan.obsolete,
    new_indexes: written,
    ...(dryRun ? { dry_run: true } : {}),
  }
}
