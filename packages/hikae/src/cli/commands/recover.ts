import type { RecoveredTree, RecoverProgress, RecoverReport } from '@hikae/engine'
import { command } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { ownIdentity } from '../../identity.ts'
import { flag } from '../option.ts'
import { formatBytes, formatCount, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printableMessage, printablePath } from '../output/printable.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import { shortId } from '../output/snapshot.ts'
import { truncateEnd } from '../output/width.ts'
import { openSession } from '../repository/session.ts'

export const recover = command({
  name: 'recover',
  group: 'Bring back',
  summary: 'Make a snapshot of the files that no snapshot shows any more',
  description:
    'Every directory that neither a readable snapshot nor another directory lists becomes a directory of a new snapshot of ' +
    '/recover, named after its id. Among them are those of snapshots that were forgotten since the last prune, and of backups ' +
    'that did not end. When nothing is found, nothing is stored.',
  arguments: [],
  options: { dryRun: flag({ short: 'n', help: 'only tell what there is' }) },
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['recover --dry-run', 'what could be brought back'],
    ['recover', 'and then: restore latest --path /recover --target /tmp/found'],
  ],
  async run({ options: { dryRun }, globals }, context) {
    const engine = await import('@hikae/engine')
    const { out } = context
    await using session = await openSession(globals, context, { lock: 'exclusive', readOnly: dryRun })
    const report = await withProgress(out, VIEW, async (progress) =>
      engine.recover(session.repository, {
        ...ownIdentity(),
        dryRun,
        signal: session.signal,
        onProgress: (state) => progress.update(state),
      }),
    )
    printProblems(report, out)
    printReport(report, out)
    return exitCodeOf(report)
  },
})

/** 0 only when everything was looked at, and everything found is whole. An unreadable snapshot is what we are here for. */
function exitCodeOf({ unreadableTrees, unindexedPacks, recovered }: RecoverReport): ExitCode {
  const isIncomplete = recovered.some(({ incomplete }) => incomplete > 0)
  return isIncomplete || unreadableTrees.length + unindexedPacks > 0 ? EXIT.incomplete : EXIT.succeeded
}

const VIEW: ProgressView<RecoverProgress> = {
  lines: (progress, width) => [truncateEnd(describe(progress), width)],
  line: describe,
  json: ({ secondsElapsed, treesDone, treesTotal }) => ({
    seconds_elapsed: Math.floor(secondsElapsed),
    trees_read: treesDone,
    total_trees: treesTotal,
  }),
}

function describe({ secondsElapsed, treesDone, treesTotal }: RecoverProgress): string {
  const trees = `${formatCount(treesDone)} of ${formatQuantity(treesTotal, 'directory', 'directories')}`
  return `[${formatDuration(secondsElapsed)}] read ${trees}`
}

function printProblems({ unreadableSnapshots, unreadableTrees, unindexedPacks }: RecoverReport, out: Output): void {
  for (const id of unreadableSnapshots)
    out.warn(`snapshot ${shortId(id)} cannot be read: its directories count as lost`)
  for (const { id, reason } of unreadableTrees) {
    out.problem(`${out.paintError('red', 'error:')} directory ${shortId(id)}: ${printableMessage(reason)}`, {
      message_type: 'error',
      error: { message: reason },
      during: 'recover',
      item: id,
    })
  }
  if (unindexedPacks > 0) {
    out.warn(
      `${formatQuantity(unindexedPacks, 'pack')} in no index ${unindexedPacks === 1 ? 'was' : 'were'} not looked at: ` +
        'run `hikae repair index`, then `hikae recover` again',
    )
  }
}

function printReport(report: RecoverReport, out: Output): void {
  const { recovered, snapshot, trees } = report
  if (out.json) return out.document(reportJson(report))
  out.note(`read ${formatQuantity(trees, 'directory', 'directories')}`)
  for (const tree of recovered) out.line(describeTree(tree))
  if (recovered.length === 0) return out.line('nothing is lost: every directory belongs to a snapshot')
  const found = formatQuantity(recovered.length, 'lost directory', 'lost directories')
  if (!snapshot) return out.line(`${found} found; nothing was stored, since this is a dry run`)
  out.line(`snapshot ${shortId(snapshot.id)} stored with ${found}`)
}

/** `1f2e3d4c  12 files, 3.4 MiB: etc, home, srv` */
function describeTree({ name, files, bytes, incomplete, entries, firstEntries }: RecoveredTree): string {
  const names = firstEntries.map(printablePath).join(', ')
  const more = entries > firstEntries.length ? `, and ${formatCount(entries - firstEntries.length)} more` : ''
  const lacking = incomplete > 0 ? `, ${formatCount(incomplete)} not whole` : ''
  const content = entries === 0 ? '(empty)' : names + more
  return `${name}  ${formatQuantity(files, 'file')}, ${formatBytes(bytes)}${lacking}: ${content}`
}

function reportJson({ recovered, snapshot, ...rest }: RecoverReport): object {
  return {
    message_type: 'summary',
    ...(snapshot === undefined ? {} : { snapshot_id: snapshot.id }),
    recovered: recovered.map(({ id, name, files, bytes, incomplete, entries, firstEntries }) => ({
      tree: id,
      name,
      total_files: files,
      total_bytes: bytes,
      incomplete,
      entries,
      first_entries: firstEntries.map(jsonPath),
    })),
    trees: rest.trees,
    unreadable_trees: rest.unreadableTrees.map(({ id }) => id),
    unreadable_snapshots: rest.unreadableSnapshots,
    unindexed_packs: rest.unindexedPacks,
  }
}
