import type { RewriteReport, RewrittenSnapshot, StoredSnapshot } from '@hikae/engine'
import { command } from '../command.ts'
import { UsageError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { flag, type OptionValues, value } from '../option.ts'
import { printFailure } from '../output/failure.ts'
import { formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printablePath } from '../output/printable.ts'
import { SNAPSHOTS_VIEW } from '../output/snapshots-progress.ts'
import { withProgress } from '../output/progress.ts'
import { describeSnapshot, shortId } from '../output/snapshot.ts'
import { excludeOptions, includeOptions, readSelection } from '../pattern-options.ts'
import { openSession } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'
import { someText } from '../values/text.ts'
import { parsePointInTime } from '../values/time.ts'

const options = {
  ...excludeOptions,
  ...includeOptions,
  ...snapshotFilterOptions,
  newHost: value({ placeholder: 'HOST', parse: someText, help: 'the host of the new snapshots' }),
  newTime: value({
    placeholder: 'TIME',
    parse: parsePointInTime,
    help: "the time of the new snapshots, for instance '2026-11-21 08:30:00'",
  }),
  snapshotSummary: flag({ short: 's', help: 'record number and size of the files where a snapshot does not' }),
  forget: flag({ help: 'remove the old snapshots once the new ones are stored' }),
  dryRun: flag({ short: 'n', help: 'change nothing, only tell what would be done' }),
}

export const rewrite = command({
  name: 'rewrite',
  group: 'Keep house',
  summary: 'Change stored snapshots: leave files out, host, time',
  description:
    'Without snapshots and without --host, --tag or --path, all snapshots are rewritten. The new ones carry the tag rewrite, ' +
    'unless --forget removes the old ones. The data of files that are left out stays in the repository until hikae prune. ' +
    'A snapshot in which no file would be left is named; --forget removes it, but never the last snapshots of a repository.',
  arguments: [{ name: 'SNAPSHOT', help: 'only these: ids, beginnings of ids, or latest', variadic: true }],
  options,
  globals: ['repository', 'connection', 'output'],
  examples: [
    ["rewrite --exclude '*.iso' --dry-run", 'what would be left out, and where'],
    ['rewrite --forget --exclude /srv/app/.env', 'a secret that should not have been backed up; then prune'],
    ['rewrite --new-host db1 latest', 'the same snapshot under another name'],
  ],
  async run({ options: given, globals, args }, context) {
    const engine = await import('@hikae/engine')
    const { out } = context
    const patterns = await readSelection(given, context.env)
    refuseNothing(given, patterns)
    const { forget, dryRun, newHost, newTime, snapshotSummary } = given
    const lock = forget && !dryRun ? 'exclusive' : 'shared'
    await using session = await openSession(globals, context, { lock, readOnly: dryRun })
    const { snapshots, isComplete } = await selectSnapshots(session, args, given, out)
    const printer = new ExcludedPrinter(out)
    const report = await withProgress(out, SNAPSHOTS_VIEW, async (progress) =>
      engine.rewrite(session.repository, snapshots, {
        ...patterns,
        newHost,
        newTime,
        summary: snapshotSummary ? 'create' : 'keep',
        originals: forget ? 'remove' : 'keep',
        dryRun,
        signal: session.signal,
        confirmLock: async () => await session.lock?.confirm(),
        onExcluded: (path, snapshot) => printer.print(path, snapshot),
        onProgress: (state) => progress.update(state),
      }),
    )
    for (const snapshot of report.snapshots) printSnapshot(snapshot, dryRun, out)
    printSummary(report, dryRun, out)
    const exitCode = exitCodeOf(report)
    return exitCode === EXIT.succeeded && !isComplete ? EXIT.incomplete : exitCode
  },
})

function refuseNothing(
  { newHost, newTime, snapshotSummary }: OptionValues<typeof options>,
  { exclude, include }: Awaited<ReturnType<typeof readSelection>>,
): void {
  if (exclude && include) throw new UsageError('only one of --exclude and --include can be used')
  if (exclude || include || newHost !== undefined || newTime !== undefined || snapshotSummary) return
  throw new UsageError('nothing to rewrite', {
    hint: 'say what to leave out with --exclude, what to keep with --include, or add --new-host, --new-time or --snapshot-summary',
  })
}

/** Something was left undone: 3, or 1 when nothing at all was done. */
function exitCodeOf({ snapshots }: RewriteReport): ExitCode {
  const undone = snapshots.filter(({ outcome, removed }) => outcome === 'failed' || (outcome === 'empty' && !removed))
  if (undone.length === 0) return EXIT.succeeded
  return undone.length === snapshots.length ? EXIT.failed : EXIT.incomplete
}

/** Names what is left out, under the snapshot in which it is met first. */
class ExcludedPrinter {
  readonly #out: Output
  #last: StoredSnapshot | undefined

  constructor(out: Output) {
    this.#out = out
  }

  print(path: string, snapshot: StoredSnapshot): void {
    if (this.#out.json) {
      this.#out.document({ message_type: 'excluded', item: jsonPath(path), snapshot_id: snapshot.id })
      return
    }
    if (snapshot !== this.#last) this.#out.note(`${describeSnapshot(snapshot)}:`)
    this.#last = snapshot
    this.#out.note(`  leaving out ${printablePath(path)}`)
  }
}

function printSnapshot(rewritten: RewrittenSnapshot, dryRun: boolean, out: Output): void {
  const { old, outcome, replacement, removed, error } = rewritten
  const what = `snapshot ${shortId(old.id)}`
  if (error) return printFailure({ item: old.id, what, error, during: 'rewrite' }, out)
  if (out.json) {
    if (outcome === 'unchanged') return
    return out.document({
      message_type: 'snapshot',
      snapshot_id: old.id,
      outcome,
      ...(replacement === undefined ? {} : { new_snapshot_id: replacement }),
      removed,
    })
  }
  const removal = removed ? `, and ${dryRun ? 'it would be' : 'it is'} removed` : ''
  switch (outcome) {
    case 'rewritten':
      return out.line(
        replacement === undefined
          ? `${what} would be rewritten${removal}`
          : `${what} is rewritten as ${shortId(replacement)}${removal}`,
      )
    case 'empty':
      if (removed) return out.line(`no file would be left in ${what}${removal}`)
      return out.warn(`no file would be left in ${what}: it stays as it is; --forget removes it`)
    case 'unchanged':
    case 'failed':
      return
  }
}

function printSummary({ snapshots }: RewriteReport, dryRun: boolean, out: Output): void {
  const count = (outcome: RewrittenSnapshot['outcome']): number =>
    snapshots.filter((snapshot) => snapshot.outcome === outcome).length
  const removed = snapshots.filter((snapshot) => snapshot.removed).length
  if (out.json) {
    return out.document({
      message_type: 'summary',
      snapshots: snapshots.length,
      rewritten: count('rewritten'),
      unchanged: count('unchanged'),
      empty: count('empty'),
      failed: count('failed'),
      removed,
      ...(dryRun ? { dry_run: true } : {}),
    })
  }
  const changed = formatQuantity(count('rewritten'), 'snapshot')
  out.line(`${dryRun ? 'would rewrite' : 'rewrote'} ${changed}, ${count('unchanged')} unchanged`)
  if (removed > 0 && !dryRun) out.note('next: free the space of what is left out with hikae prune')
}
