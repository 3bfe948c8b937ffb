import type { PruneReport, SnapshotId } from '@hikae/engine'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { printFailure } from '../output/failure.ts'
import { formatBytes, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/progress.ts'
import { packSizeOption } from '../pack-size.ts'
import { shortId } from '../output/snapshot.ts'
import type { Session } from '../repository/session.ts'
import { planJson, printPlan } from './plan-view.ts'
import { PLAN_VIEW, PRUNE_VIEW } from './progress.ts'
import { engineOptions, type PruneValues } from './prune-options.ts'
import { renewRetention } from './renew-retention.ts'

export interface PruneRequest {
  readonly options: PruneValues
  readonly globals: GlobalValues
  /** `plan` changes nothing. */
  readonly what: 'plan' | 'prune'
  /** To be taken for removed, for a plan. */
  readonly without?: ReadonlySet<SnapshotId>
}

/** Plans, tells, and unless only the plan is wanted, prunes; the session holds an exclusive lock then. */
export async function runPrune(
  { repository, lock, signal }: Session,
  { options, globals, what, without }: PruneRequest,
  { out }: CommandContext,
): Promise<ExitCode> {
  const { planPrune, prune } = await import('@hikae/engine')
  const plan = await withProgress(out, PLAN_VIEW, async (progress) =>
    planPrune(repository, {
      ...engineOptions(options),
      ...packSizeOption(globals),
      without,
      signal,
      onProgress: (state) => progress.update(state),
    }),
  )
  if (out.json) out.document(planJson(plan, { dryRun: what === 'plan' }))
  else printPlan(plan, out)
  if (what === 'plan') {
    out.note('nothing was changed')
    return EXIT.succeeded
  }
  const report = await withProgress(out, PRUNE_VIEW, async (progress) =>
    prune(repository, plan, {
      signal,
      ...(lock ? { confirmLock: () => lock.confirm() } : {}),
      onProgress: (state) => progress.update(state),
    }),
  )
  printReport(report, out)
  const isRetained = await renewRetention(repository, signal, out)
  return report.outcome === 'succeeded' && isRetained ? EXIT.succeeded : EXIT.incomplete
}

function printReport(report: PruneReport, out: Output): void {
  for (const { pack, error } of report.failures) {
    const what = `pack ${shortId(pack)} could not be deleted, and only takes space from now on`
    printFailure({ item: pack, what, error, during: 'prune' }, out)
  }
  const { leftForLackOfSpace: left } = report
  if (left.length > 0) {
    const size = formatBytes(left.reduce((sum, pack) => sum + pack.size, 0))
    out.warn(
      `${formatQuantity(left.length, 'pack')} (${size}) could not be rewritten, since there is no room for the new packs; ` +
        'free some space and prune again',
    )
  }
  if (out.json) return out.document(reportJson(report))
  const { temporaryFiles, newPacks, removedPacks } = report
  if (temporaryFiles.files > 0) {
    out.note(
      `removed ${formatQuantity(temporaryFiles.files, 'half-written file')}, ${formatBytes(temporaryFiles.bytes)}`,
    )
  }
  if (newPacks > 0) out.note(`wrote ${formatQuantity(newPacks, 'new pack')}, ${formatBytes(report.storedBytes)}`)
  out.note(
    removedPacks === 0
      ? 'no pack had to be deleted'
      : `deleted ${formatQuantity(removedPacks, 'pack')}; this frees ${formatBytes(freedBytes(report))}`,
  )
}

function freedBytes({ removedBytes, storedBytes, temporaryFiles }: PruneReport): number {
  return Math.max(0, removedBytes + temporaryFiles.bytes - storedBytes)
}

function reportJson(report: PruneReport): object {
  return {
    message_type: 'summary',
    outcome: report.outcome,
    removed_packs: report.removedPacks,
    removed_bytes: report.removedBytes,
    repacked_packs: report.repackedPacks,
    new_packs: report.newPacks,
    stored_bytes: report.storedBytes,
    removed_indexes: report.removedIndexes,
    new_indexes: report.newIndexes,
    temporary_files_removed: report.temporaryFiles.files,
    temporary_bytes_removed: report.temporaryFiles.bytes,
    freed_bytes: freedBytes(report),
    failed_packs: report.failures.map(({ pack }) => pack),
    left_for_lack_of_space: report.leftForLackOfSpace,
    total_duration: report.secondsElapsed,
  }
}
