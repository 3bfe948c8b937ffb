import type { RepairedSnapshot, RepairSnapshotsReport, SnapshotEntryRepair, StoredSnapshot } from '@hikae/engine'
import { command } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { flag } from '../option.ts'
import { formatBytes, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printableMessage, printablePath } from '../output/printable.ts'
import { SNAPSHOTS_VIEW } from '../output/snapshots-progress.ts'
import { withProgress } from '../output/progress.ts'
import { describeSnapshot, shortId } from '../output/snapshot.ts'
import { openSession } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'

export const repairSnapshots = command({
  name: 'repair snapshots',
  group: 'Keep house',
  summary: 'Replace damaged snapshots by ones that can be restored',
  description:
    'What is missing is given up for good: back up again first, which brings back whatever still exists. Files lose the ' +
    'missing parts of their content, directories that cannot be listed become empty. The new snapshots carry the tag repaired. ' +
    'With exit code 3, something was given up, or is still damaged.',
  arguments: [{ name: 'SNAPSHOT', help: 'only these: ids, beginnings of ids, or latest', variadic: true }],
  options: {
    ...snapshotFilterOptions,
    forget: flag({ help: 'remove damaged snapshots, once what is left of them is stored; unreadable ones too' }),
    dryRun: flag({ short: 'n', help: 'change nothing, only tell what would be done' }),
  },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['repair snapshots --dry-run', 'what would be given up'],
    ['repair snapshots --forget', 'after check said so'],
  ],
  async run({ options, globals, args }, context) {
    const engine = await import('@hikae/engine')
    const { out } = context
    const { forget, dryRun } = options
    await using session = await openSession(globals, context, {
      lock: dryRun ? 'shared' : 'exclusive',
      cache: 'none',
      readOnly: dryRun,
    })
    const isNarrowed = [args, options.host, options.tag, options.path].some((some) => some.length > 0)
    const selected = isNarrowed ? await selectSnapshots(session, args, options, out) : undefined
    const printer = new RepairPrinter(out)
    const report = await withProgress(out, SNAPSHOTS_VIEW, async (progress) =>
      engine.repairSnapshots(session.repository, {
        ...(selected ? { snapshots: selected.snapshots } : {}),
        originals: forget ? 'remove' : 'keep',
        dryRun,
        signal: session.signal,
        onRepair: (repair) => printer.print(repair),
        onProgress: (state) => progress.update(state),
      }),
    )
    printReport(report, dryRun, out)
    return selected?.isComplete === false ? EXIT.incomplete : exitCodeOf(report)
  },
})

/** 0 only when every snapshot that was looked at is whole, and as it was. */
function exitCodeOf({ snapshots, unreadable, entriesHurt }: RepairSnapshotsReport): ExitCode {
  const isDamageLeft = snapshots.some(({ outcome, removed }) => outcome !== 'whole' && !removed)
  const isLost = snapshots.some(({ outcome }) => outcome === 'lost')
  return entriesHurt + unreadable.length > 0 || isDamageLeft || isLost ? EXIT.incomplete : EXIT.succeeded
}

/** Names what is changed, under the snapshot in which it is met first. */
class RepairPrinter {
  readonly #out: Output
  #last: StoredSnapshot | undefined

  constructor(out: Output) {
    this.#out = out
  }

  print(repair: SnapshotEntryRepair): void {
    const out = this.#out
    const { snapshot, path, kind } = repair
    if (out.json) {
      const { snapshot: _, path: __, ...rest } = repair
      return out.document({ message_type: 'repair', snapshot_id: snapshot.id, item: jsonPath(path), ...rest, kind })
    }
    if (snapshot !== this.#last) out.line(`${describeSnapshot(snapshot)}:`)
    this.#last = snapshot
    out.line(`  ${printablePath(path)}: ${printableMessage(describeRepair(repair))}`)
  }
}

function describeRepair(repair: SnapshotEntryRepair): string {
  switch (repair.kind) {
    case 'content-lost': {
      const { blobsLost, blobsLeft, sizeBefore, sizeAfter } = repair
      const parts = `lost ${blobsLost} of ${formatQuantity(blobsLost + blobsLeft, 'part')}`
      return `${parts}, ${formatBytes(sizeAfter)} of ${formatBytes(sizeBefore)} left`
    }
    case 'size-corrected':
      return `its size is ${formatBytes(repair.sizeAfter)}, not ${formatBytes(repair.sizeBefore)}`
    case 'entry-removed':
      return 'removed, since it cannot be restored'
    case 'directory-emptied':
      return `now an empty directory: ${repair.reason}`
    case 'unknown-dropped':
      return 'what another program wrote into this directory beyond the format is lost'
  }
}

function printReport(report: RepairSnapshotsReport, dryRun: boolean, out: Output): void {
  for (const id of report.healed) printHealed(id, dryRun, out)
  for (const snapshot of report.snapshots) printSnapshot(snapshot, dryRun, out)
  for (const { id, reason, removed } of report.unreadable) {
    const fate = removed ? (dryRun ? 'it would be removed' : 'it is removed') : '--forget removes it'
    const message = `snapshot ${shortId(id)} cannot be read: ${reason}; ${fate}; hikae recover may find its files`
    out.problem(`${out.paintError('red', 'error:')} ${printableMessage(message)}`, {
      message_type: 'error',
      kind: 'snapshot-unreadable',
      snapshot_id: id,
      removed,
      message,
    })
  }
  printSummary(report, dryRun, out)
}

function printHealed(id: string, dryRun: boolean, out: Output): void {
  if (out.json) return out.document({ message_type: 'healed', snapshot_id: id })
  out.line(`snapshot ${shortId(id)} had one wrong bit: it ${dryRun ? 'would be' : 'is'} as it was`)
}

function printSnapshot(
  { old, outcome, replacement, removed, reason }: RepairedSnapshot,
  dryRun: boolean,
  out: Output,
): void {
  if (outcome === 'whole') return
  const what = `snapshot ${shortId(old.id)}`
  if (out.json) {
    return out.document({
      message_type: 'snapshot',
      snapshot_id: old.id,
      outcome,
      ...(replacement === undefined ? {} : { new_snapshot_id: replacement }),
      removed,
      ...(reason === undefined ? {} : { reason }),
    })
  }
  const removal = removed ? `, and ${dryRun ? 'it would be' : 'it is'} removed` : ''
  if (outcome === 'lost') {
    out.line(
      `nothing of ${what} can be brought back, ${printableMessage(reason ?? '')}${removal || '; --forget removes it'}`,
    )
  } else {
    const repaired = replacement === undefined ? 'would be repaired' : `is repaired as ${shortId(replacement)}`
    out.line(`${what} ${repaired}${removal}`)
  }
}

function printSummary(
  { snapshots, unreadable, healed, entriesHurt }: RepairSnapshotsReport,
  dryRun: boolean,
  out: Output,
): void {
  const count = (outcome: RepairedSnapshot['outcome']): number =>
    snapshots.filter((snapshot) => snapshot.outcome === outcome).length
  if (out.json) {
    return out.document({
      message_type: 'summary',
      snapshots: snapshots.length,
      whole: count('whole'),
      repaired: count('repaired'),
      lost: count('lost'),
      unreadable: unreadable.length,
      healed: healed.length,
      entries_hurt: entriesHurt,
      removed: [...snapshots, ...unreadable].filter(({ removed }) => removed).length,
      ...(dryRun ? { dry_run: true } : {}),
    })
  }
  const repaired = formatQuantity(count('repaired'), 'snapshot')
  out.line(`${dryRun ? 'would repair' : 'repaired'} ${repaired}, ${count('whole')} whole`)
  const isDamageLeft = [...snapshots.filter(({ outcome }) => outcome !== 'whole'), ...unreadable].some(
    ({ removed }) => !removed,
  )
  if (isDamageLeft && !dryRun)
    out.line('next: the damaged snapshots are still there: hikae repair snapshots --forget removes them')
}
