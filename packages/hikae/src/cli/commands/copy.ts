import { realpath } from 'node:fs/promises'
import type { CopyReport, SnapshotCopy } from '@hikae/engine'
import { command } from '../command.ts'
import { warnOfDifferences } from '../copy/differences.ts'
import { COPY_VIEW, printOutcome } from '../copy/outcome.ts'
import { storingOptions } from '../copy/storing.ts'
import { systemCode, UsageError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { snapshotFilterOptions } from '../filter-options.ts'
import { flag, type OptionValues } from '../option.ts'
import { formatBytes, formatCount, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { withProgress } from '../output/progress.ts'
import { shortId } from '../output/snapshot.ts'
import { addressOf, type RepositoryLocation } from '../../repositories/location.ts'
import { type ChosenRepository, chooseRepository, labelOf } from '../repository/choose.ts'
import { openChosen } from '../repository/session.ts'
import { selectSnapshots } from '../repository/snapshot-choice.ts'
import { chooseSource, sourceRepositoryOptions } from '../repository/source-repository.ts'

export const copyOptions = {
  ...sourceRepositoryOptions,
  ...snapshotFilterOptions,
  catchUp: flag({ help: 'bring repositories level with each other' }),
  withOlder: flag({ help: 'with --catch-up: also what is older than their newest, as what retention has removed' }),
  dryRun: flag({ short: 'n', help: 'with --catch-up: store nothing, only tell what would be copied' }),
}

export const copy = command({
  name: 'copy',
  group: 'Save',
  summary: 'Copy snapshots from another repository',
  description:
    'Copies from the repository of --from-repo to that of --repo what is not there yet. Interrupted, it goes on where it was ' +
    'the next time. A snapshot of which anything is damaged is not copied, and the exit code is 3. With --catch-up, the ' +
    'repositories named, or all of hikae.yaml, get from the others what was made since their newest snapshot: what a ' +
    'disk that was away or a server that was down has missed.',
  arguments: [{ name: 'SNAPSHOT', help: 'only these: ids, beginnings of ids, or latest', variadic: true }],
  options: copyOptions,
  globals: ['repository', 'connection', 'storage', 'output'],
  examples: [
    ['copy --from-repo /mnt/usb/hikae --repo /mnt/nas/hikae', 'all snapshots that are not there yet'],
    ['copy --from-repo /mnt/usb/hikae --repo /mnt/nas/hikae --host db1 latest', 'the newest of one host'],
    ['copy --catch-up', 'all repositories of hikae.yaml'],
  ],
  async run(input, context) {
    const { options, globals, args } = input
    if (options.catchUp) {
      const { runCatchUp } = await import('../catch-up/run.ts')
      return runCatchUp(input, context)
    }
    refuseOptionsOfCatchUp(options)
    const { copySnapshots } = await import('@hikae/engine')
    const { out } = context
    const destination = await chooseRepository(globals, context)
    const chosenSource = await chooseSource(options, globals, context)
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
    else warnOfDifferences(source.repository, target.repository, globals, out)
    const report = await withProgress(out, COPY_VIEW, async (progress) =>
      copySnapshots(source.repository, target.repository, snapshots, {
        ...storingOptions(globals),
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

function refuseOptionsOfCatchUp({ withOlder, dryRun }: OptionValues<typeof copyOptions>): void {
  if (!withOlder && !dryRun) return
  throw new UsageError(`${withOlder ? '--with-older' : '--dry-run'} only goes together with --catch-up`)
}

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

function exitCodeOf({ snapshots }: CopyReport, { isComplete }: { isComplete: boolean }): ExitCode {
  const damaged = snapshots.filter(({ kind }) => kind === 'damaged').length
  if (damaged === 0) return isComplete ? EXIT.succeeded : EXIT.incomplete
  return damaged === snapshots.length ? EXIT.failed : EXIT.incomplete
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
