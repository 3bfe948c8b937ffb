import { realpath } from 'node:fs/promises'
import type { CopyProgress, CopyReport, SnapshotCopy } from '@hikae/engine'
import { command } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { systemCode, UsageError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import type { GlobalValues } from '../global-options.ts'
import { formatBytes, formatBytesRoughly, formatCount, formatDuration, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { jsonPath, printableMessage, printablePath } from '../output/printable.ts'
import { type ProgressView, withProgress } from '../output/progress.ts'
import { describeSnapshot, shortId } from '../output/snapshot.ts'
import { truncateEnd } from '../output/width.ts'
import { addressOf, type RepositoryLocation } from '../../repositories/location.ts'
import { type ChosenRepository, chooseRepository, labelOf } from '../repository/choose.ts'
import { openChosen, type Session } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'
import { chooseSource, sourceRepositoryOptions } from '../repository/source-repository.ts'

const MIB = 1024 * 1024

export const copy = command({
  name: 'copy',
  group: 'Save',
  summary: 'Copy snapshots from another repository',
  description:
    'Copies from the repository of --from-repo to that of --repo what is not there yet. Interrupted, it goes on where it was ' +
    'the next time. A snapshot of which anything is damaged is not copied, and the exit code is 3.',
  arguments: [{ name: 'SNAPSHOT', help: 'only these: ids, beginnings of ids, or latest', variadic: true }],
  options: { ...sourceRepositoryOptions, ...snapshotFilterOptions },
  globals: ['repository', 'connection', 'storage', 'output'],
  examples: [
    ['copy --from-repo /mnt/usb/hikae --repo /mnt/nas/hikae', 'all snapshots that are not there yet'],
    ['copy --from-repo /mnt/usb/hikae --repo /mnt/nas/hikae --host db1 latest', 'the newest of one host'],
  ],
  async run({ options, globals, args }, context) {
    const { copySnapshots } = await import('@hikae/engine')
    const { out } = context
    const destination = await chooseRepository(globals, context.env)
    const chosenSource = await chooseSource(options, globals, context.env)
    if (chosenSource === undefined) {
      throw new UsageError('no repository to copy from is named', { hint: 'add --from-repo /path/to/repository' })
    }
    await refuseSame(chosenSource, destination)
    await using source = await openChosen(chosenSource, { ...globals, keyHint: options.fromKeyHint }, context, {
      lock: 'shared',
      readOnly: true,
    })
    await using target = await openChosen(destination, { ...globals, noLock: false }, context, { lock: 'shared' })
    const { snapshots, isComplete } = await selectSnapshots(source, args, options, out)
    if (snapshots.length === 0) out.warn('no snapshot of the source matches: nothing was copied')
    else warnOfDifferences(source, target, globals, context)
    const { compression, packSize } = globals
    const report = await withProgress(out, VIEW, async (progress) =>
      copySnapshots(source.repository, target.repository, snapshots, {
        compression: compression === 'off' ? 'keep' : 'compress',
        ...(packSize === undefined ? {} : { packSizeBytes: packSize * MIB }),
        signal: AbortSignal.any([source.signal, target.signal]),
        confirmLock: async () => await target.lock?.confirm(),
        onProgress: (state) => progress.update(state),
        onSnapshot: (outcome) => printOutcome(outcome, out),
      }),
    )
    printReport(report, out)
    return exitCodeOf(report, { isComplete })
  },
})

/** Two paths may lead to one place; the engine refuses equal ones. */
async function refuseSame(source: ChosenRepository, destination: ChosenRepository): Promise<void> {
  const [from, to] = await Promise.all([source, destination].map(({ location }) => realAddress(location)))
  if (from !== to) return
  throw new UsageError(`--from-repo and --repo are the same repository, ${labelOf(destination)}`, {
    hint: 'name the one to copy from with --from-repo, and the other with --repo',
  })
}

async function realAddress(location: RepositoryLocation): Promise<string> {
  if (location.kind !== 'local') return addressOf(location)
  try {
    return await realpath(location.path)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return location.path // Opening it tells what is wrong with it.
  }
}

function warnOfDifferences(source: Session, target: Session, globals: GlobalValues, { out }: CommandContext): void {
  const [from, to] = [source.repository.config, target.repository.config]
  if (from.chunkerPolynomial !== to.chunkerPolynomial) {
    out.warn(
      'the two repositories cut content differently: copies share nothing with what is backed up to the destination itself. ' +
        'One that shares is made with `hikae init --copy-chunker-params --from-repo …`',
    )
  }
  const { compression = 'auto' } = globals
  if (compression !== 'auto' && compression !== 'off') {
    out.warn(`--compression ${compression} is not for copies: what is compressed stays as it is`)
  }
}

function exitCodeOf({ snapshots }: CopyReport, { isComplete }: { isComplete: boolean }): ExitCode {
  const damaged = snapshots.filter(({ kind }) => kind === 'damaged').length
  if (damaged === 0) return isComplete ? EXIT.succeeded : EXIT.incomplete
  return damaged === snapshots.length ? EXIT.failed : EXIT.incomplete
}

const VIEW: ProgressView<CopyProgress> = {
  lines: (progress, width) => [truncateEnd(describe(progress), width)],
  line: describe,
  json: (progress) => ({
    seconds_elapsed: Math.floor(progress.secondsElapsed),
    snapshots_done: progress.snapshotsDone,
    total_snapshots: progress.snapshotsTotal,
    trees_read: progress.trees,
    blobs_done: progress.blobsDone,
    total_blobs: progress.blobsWanted,
    bytes_done: progress.bytesDone,
    total_bytes: progress.bytesWanted,
  }),
}

function describe(progress: CopyProgress): string {
  const { secondsElapsed, snapshotsDone, snapshotsTotal, trees, bytesDone, bytesWanted } = progress
  const snapshots = `${formatCount(snapshotsDone)} of ${formatQuantity(snapshotsTotal, 'snapshot')}`
  const data = `${formatBytesRoughly(bytesDone)} of ${formatBytesRoughly(bytesWanted)} found so far`
  const read = formatQuantity(trees, 'directory', 'directories')
  return `[${formatDuration(secondsElapsed)}] ${snapshots}, copied ${data} in ${read}`
}

function printOutcome(outcome: SnapshotCopy, out: Output): void {
  const { kind, snapshot } = outcome
  if (kind === 'damaged') {
    const { path, reason } = outcome
    const message = `${describeSnapshot(snapshot)} was not copied: ${printablePath(path)}: ${printableMessage(reason)}`
    out.problem(`${out.paintError('red', 'error:')} ${message}`, {
      message_type: 'error',
      error: { message: reason },
      during: 'copy',
      item: jsonPath(path),
      snapshot: snapshot.id,
    })
    return
  }
  const id = outcome.copy.id
  if (out.json) out.document({ message_type: `snapshot_${kind}`, snapshot: snapshot.id, copy: id })
  else if (kind === 'copied') out.note(`copied ${describeSnapshot(snapshot)} as ${shortId(id)}`)
  else out.detail(`${describeSnapshot(snapshot)} is there already, as ${shortId(id)}`)
}

function printReport(report: CopyReport, out: Output): void {
  for (const id of report.unreadable) {
    out.warn(`snapshot ${shortId(id)} of the destination cannot be read: if it was a copy, there is now another one`)
  }
  const count = (wanted: SnapshotCopy['kind']) => report.snapshots.filter(({ kind }) => kind === wanted).length
  const [copied, present, damaged] = [count('copied'), count('present'), count('damaged')]
  if (out.json) {
    out.document({
      message_type: 'summary',
      snapshots_copied: copied,
      snapshots_present: present,
      snapshots_damaged: damaged,
      blobs_copied: report.blobs,
      bytes_read: report.bytesRead,
      bytes_stored: report.bytesStored,
    })
    return
  }
  const there = present > 0 ? `, ${formatCount(present)} there already` : ''
  out.line(`${formatQuantity(copied, 'snapshot')} copied${there}`)
  out.note(
    `${formatQuantity(report.blobs, 'blob')}: ${formatBytes(report.bytesRead)} read, ${formatBytes(report.bytesStored)} stored`,
  )
  if (damaged === 0) return
  out.line(out.paint('red', `${formatQuantity(damaged, 'snapshot')} not copied, because of damage in the source`))
  out.line('next: run `hikae check --read-data` on the source')
}
