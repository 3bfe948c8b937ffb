import type { RestoreItem, RestoreReport } from '@hikae/engine'
import { command, type CommandInput } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { flag, list, value } from '../option.ts'
import { printFailure } from '../output/failure.ts'
import { formatBytes, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printableMessage, printablePath, printableText } from '../output/printable.ts'
import { withProgress } from '../output/progress.ts'
import { restoreProgressView } from '../output/restore-progress.ts'
import { describeSnapshot } from '../output/snapshot.ts'
import { excludeOptions, includeOptions, readSelection } from '../pattern-options.ts'
import { openSession } from '../repository/session.ts'
import { chooseSnapshot } from '../repository/snapshot-choice.ts'
import { oneOf } from '../values/choice.ts'
import { someText } from '../values/text.ts'

const OVERWRITE = ['always', 'if-changed', 'if-newer', 'never'] as const

const options = {
  target: value({
    short: 't',
    placeholder: 'DIRECTORY',
    parse: someText,
    completes: 'directory',
    help: 'where to put the files',
  }),
  ...includeOptions,
  ...excludeOptions,
  ...snapshotFilterOptions,
  overwrite: value({
    placeholder: 'WHEN',
    parse: oneOf(OVERWRITE),
    choices: OVERWRITE,
    help: `what happens to files that are there: ${OVERWRITE.join(', ')} (default always, but equal parts are not written)`,
  }),
  delete: flag({ help: 'delete what is in the target but not in the snapshot' }),
  sparse: flag({ help: 'leave holes in files where there are only zeros' }),
  verify: flag({ help: 'read everything again after it was written' }),
  dryRun: flag({ help: 'write nothing, only tell what would be done' }),
  at: value({
    placeholder: 'WHEN',
    parse: someText,
    help: 'of a source: the newest point that is not later, or the id of a snapshot or run (default the newest); with --undo and --finish, what was kept then or before',
  }),
  to: value({ placeholder: 'PLACE', parse: someText, help: 'of a source: another place, in the words of its kind' }),
  only: list({
    placeholder: 'PART',
    parse: someText,
    help: 'of a source: only this part of it, in the words of its kind: a database, a table, a prefix of keys',
  }),
  script: value({
    placeholder: 'FILE',
    parse: someText,
    completes: 'file',
    help: 'of a source: statements for what was restored, run before anybody else sees it, for instance to mask names',
  }),
  undo: flag({ help: 'of a source: put back what the last restore in place has replaced' }),
  finish: flag({ help: 'of a source: remove what restores in place have kept' }),
  yes: flag({ short: 'y', help: 'of a source: do not ask' }),
}

type RestoreInput = CommandInput<typeof options>['options']

export const restore = command({
  name: 'restore',
  group: 'Bring back',
  summary: 'Bring back a source of hikae.yaml, or files of a snapshot',
  description:
    'A source comes back in its own place: the plan is told first, what is there is kept, and live data is never touched before ' +
    'the new is whole. With --to it goes elsewhere. --undo puts back what was there, and keeps in its stead what is there now, ' +
    'so that it can be undone itself; --finish removes what is kept. With --target, files of any snapshot are written into a directory.\n' +
    'Files are put below the target with their whole paths; SNAPSHOT:PATH puts the content of PATH there instead. Look at ' +
    'what would happen first: --dry-run -vv names every file.',
  arguments: [
    {
      name: 'SOURCE|SNAPSHOT',
      help: 'source of hikae.yaml; or id, beginning of an id, or latest; with :PATH, only what is below',
      required: true,
    },
  ],
  options,
  globals: ['repository', 'connection', 'output'],
  examples: [
    ['restore uploads --dry-run', 'what would be done to bring a source back'],
    ["restore uploads --at '2026-11-20 12:00'", 'as it was then'],
    ['restore uploads --undo', 'back to what was there before the restore'],
    ['restore uploads --finish --dry-run', 'what is kept, and how much room it takes'],
    ['restore latest --target /tmp/restored', 'everything'],
    ['restore latest:/srv/uploads --target /srv/uploads --overwrite if-changed', 'one directory, in place'],
    ["restore latest --target /tmp/restored --include '*.env'", 'only some files'],
  ],
  async run({ options: given, globals, args }, context) {
    const engine = await import('@hikae/engine')
    const { out, env } = context
    if (given.undo || given.finish) {
      refuseMixture(given)
      const { sourceNamed } = await import('../jobs/asked-for.ts')
      const { source, stack } = await sourceNamed(args[0]!, globals, context)
      if (given.undo) return (await import('../jobs/undo-source.ts')).undoSource(source, stack, given, context)
      return (await import('../jobs/finish-source.ts')).finishSource(source, stack, given, context)
    }
    if (given.target === undefined) {
      const { sourceAskedFor } = await import('../jobs/asked-for.ts')
      const { source, stack } = await sourceAskedFor(args[0]!, globals, context)
      const { restoreSource } = await import('../jobs/restore-source.ts')
      return restoreSource(source, stack, given, globals, context)
    }
    refuseSourceOptions(given)
    const patterns = await readSelection(given, env)
    const select = patterns.include || patterns.exclude ? engine.selectForRestore(patterns) : undefined
    await using session = await openSession(globals, context, { lock: 'shared', readOnly: true })
    const { snapshot, path } = await chooseSnapshot(session, args[0]!, given)
    out.note(`restoring ${describeSnapshot(snapshot)} to ${printableText(given.target)}`)
    const report = await withProgress(out, restoreProgressView(out), async (progress) =>
      engine.restore(session.repository, snapshot, {
        target: given.target!,
        path,
        ...(select ? { select } : {}),
        overwrite: given.overwrite ?? 'always',
        delete: given.delete,
        sparse: given.sparse,
        verify: given.verify,
        dryRun: given.dryRun,
        signal: session.signal,
        onProgress: (state) => progress.update(state),
        onWarning: ({ path: about, message }) => {
          out.warn(printableMessage(about === undefined ? message : `${printablePath(about)}: ${message}`))
        },
        ...(out.verbosity >= 2 ? { onItem: (item) => printItem(item, out) } : {}),
      }),
    )
    printReport(report, given.dryRun, context)
    if (report.problems.length === 0) return EXIT.succeeded
    return report.filesRestored + report.filesUnchanged > 0 ? EXIT.incomplete : EXIT.failed
  },
})

/** What is kept is of one source, and comes back in its place. */
function refuseMixture({ undo, finish, at: _at, yes: _yes, dryRun: _dryRun, ...others }: RestoreInput): void {
  const name = undo ? '--undo' : '--finish'
  if (undo && finish) {
    throw new UsageError('--undo puts back what --finish would remove: choose one of them', {
      hint: 'undo first; when all is well, finish',
    })
  }
  const [other] = Object.entries(others).filter(([, value]) => {
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false
  })
  if (other === undefined) return
  const option = other[0].replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw new UsageError(`${name} does not go together with --${option}`, {
    hint: `${name} is about what is kept in the place of a source: it takes --at, --dry-run and --yes`,
  })
}

/** With --target a snapshot is meant, which knows no parts of sources. */
function refuseSourceOptions({ only, script }: RestoreInput): void {
  const name = only.length > 0 ? '--only' : '--script'
  if (only.length === 0 && script === undefined) return
  throw new UsageError(`${name} does not go together with --target`, {
    hint: `${name} is for a source of hikae.yaml; of a snapshot, choose files with --include`,
  })
}

function printItem({ action, path, size }: RestoreItem, out: Output): void {
  if (out.json) return out.document({ message_type: 'verbose_status', action, item: jsonPath(path), size })
  out.line(`${action.padEnd(9)} ${printablePath(path)}${size > 0 ? `, ${formatBytes(size)}` : ''}`)
}

function printReport(report: RestoreReport, dryRun: boolean, { out }: CommandContext): void {
  for (const { path, error } of report.problems) {
    printFailure({ item: jsonPath(path), what: printablePath(path), error, during: 'restore' }, out)
  }
  if (out.json) return out.document(summaryJson(report, dryRun))
  for (const line of reportLines(report, dryRun)) out.line(line)
  if (report.problems.length > 0) {
    out.line(out.paint('yellow', `incomplete: ${formatQuantity(report.problems.length, 'problem')}, see above`))
  }
}

function reportLines(report: RestoreReport, dryRun: boolean): string[] {
  const { filesRestored, filesUnchanged, filesSkipped, filesDeleted, directoriesCreated, verifiedFiles } = report
  const counts = [
    formatQuantity(filesRestored, 'file'),
    ...(directoriesCreated > 0 ? [formatQuantity(directoriesCreated, 'directory', 'directories')] : []),
  ].join(' and ')
  const verb = dryRun ? 'would restore' : 'restored'
  return [
    `${verb} ${counts} (${formatBytes(report.bytesRestored)}) in ${formatDuration(report.seconds)}`,
    ...(report.bytesUnchanged > 0 || filesUnchanged > 0
      ? [
          `${formatQuantity(filesUnchanged, 'file')} unchanged (${formatBytes(report.bytesUnchanged)} were there already)`,
        ]
      : []),
    ...(filesSkipped > 0 ? [`${formatQuantity(filesSkipped, 'file')} left alone because of --overwrite`] : []),
    ...(filesDeleted > 0 ? [`${dryRun ? 'would delete' : 'deleted'} ${formatQuantity(filesDeleted, 'item')}`] : []),
    ...(verifiedFiles === undefined ? [] : [`verified ${formatQuantity(verifiedFiles, 'file')}`]),
  ]
}

/** restic counts directories as files. */
function summaryJson(report: RestoreReport, dryRun: boolean): object {
  const restored = report.filesRestored + report.directoriesCreated
  const skipped = report.filesUnchanged + report.filesSkipped
  const bytesSkipped = report.bytesUnchanged + report.bytesSkipped
  return {
    message_type: 'summary',
    seconds_elapsed: Math.floor(report.seconds),
    total_files: restored + skipped,
    files_restored: restored,
    ...(skipped > 0 ? { files_skipped: skipped } : {}),
    ...(report.filesDeleted > 0 ? { files_deleted: report.filesDeleted } : {}),
    total_bytes: report.bytesRestored + bytesSkipped,
    bytes_restored: report.bytesRestored,
    ...(bytesSkipped > 0 ? { bytes_skipped: bytesSkipped } : {}),
    ...(report.verifiedFiles === undefined ? {} : { files_verified: report.verifiedFiles }),
    ...(dryRun ? { dry_run: true } : {}),
    problems: report.problems.length,
  }
}
