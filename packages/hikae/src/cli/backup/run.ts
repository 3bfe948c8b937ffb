import type { BackupReport, BackupTarget } from '@hikae/engine'
import type { Member } from '../catch-up/member.ts'
import type { CommandInput } from '../command.ts'
import type { backupOptions } from '../commands/backup.ts'
import type { CommandContext } from '../context.ts'
import { UsageError } from '../../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { ownIdentity } from '../../identity.ts'
import { backupProgressView } from '../output/backup-progress.ts'
import { printableMessage } from '../output/printable.ts'
import { withProgress } from '../output/progress.ts'
import { packSizeOption } from '../pack-size.ts'
import { chooseRepositories, type ChosenRepository, labelOf } from '../repository/choose.ts'
import { openAll, type OpenedRepository, type UnopenedRepository } from '../repository/open-all.ts'
import type { Session } from '../repository/session.ts'
import { programVersion } from '../version.ts'
import { type BackupValues, openInput } from './input.ts'
import { type FailedRepository, printItem, printReport, printUnopened, printUnreadable } from './report.ts'

/** `hikae backup`: opens the repositories, reads once, tells how it went. */
export async function runBackup(
  { options, globals, args }: CommandInput<typeof backupOptions>,
  context: CommandContext,
): Promise<ExitCode> {
  const { backUp } = await import('@hikae/engine')
  const { out } = context
  const chosen = await chooseRepositories(globals, context)
  refuseSharedStdin(options, chosen, context)
  const input = await openInput(options, args, context)
  await using owned = new AsyncDisposableStack()
  const { opened, failed } = await openTargets(chosen, globals, context, owned, options)
  const targets = opened.map(({ session: { repository, lock }, member }): BackupTarget => ({
    repository,
    ...(lock ? { signal: lock.signal, confirmLock: () => lock.confirm() } : {}),
    ...(options.parent === undefined ? {} : { parent: options.parent }),
    ...(member === undefined ? {} : { snapshots: member.snapshots }),
  }))
  const own = ownIdentity()
  const report = await withProgress(out, backupProgressView(out), async (progress) =>
    backUp(input.root, targets, {
      hostname: options.host ?? own.hostname,
      username: own.username,
      uid: own.uid,
      gid: own.gid,
      tags: options.tag.flat(),
      paths: input.paths,
      excludes: input.excludes,
      programVersion: `hikae ${programVersion()}`,
      ...(options.time === undefined ? {} : { time: options.time }),
      ...(options.groupBy === undefined ? {} : { groupBy: options.groupBy }),
      force: options.force,
      ignoreInode: options.ignoreInode,
      ignoreCtime: options.ignoreCtime,
      withAtime: options.withAtime,
      dryRun: options.dryRun,
      skipIfUnchanged: options.skipIfUnchanged,
      ...(globals.compression === undefined ? {} : { compression: globals.compression }),
      ...packSizeOption(globals),
      ...(options.readConcurrency === undefined ? {} : { readConcurrency: options.readConcurrency }),
      ...(options.chunk === undefined ? {} : { chunks: options.chunk }),
      verifyWrites: !globals.noExtraVerify,
      estimate: !options.noScan && input.stream === undefined && progress.isShown,
      signal: context.signal,
      onProgress: (state) => progress.update(state),
      onUnreadable: (item) => printUnreadable(item, out),
      onWarning: (message) => out.warn(printableMessage(message)),
      ...(out.verbosity >= 2 ? { onItem: (item) => printItem(item, out) } : {}),
    }),
  )
  const [only, ...others] = report.repositories
  if (only?.error && others.length === 0) throw only.error
  printReport(report, { dryRun: options.dryRun, failed }, out)
  const isEmpty = input.stream?.bytes === 0
  if (isEmpty) out.warn(`${input.stream.description} was empty: the snapshot holds an empty file`)
  const areLevel = await catchUp(opened, report, globals, context)
  return exitCodeFor(report, { isIncomplete: isEmpty || failed.length > 0 || !areLevel })
}

/** Standard input cannot hold both what is backed up and the password. */
function refuseSharedStdin(options: BackupValues, chosen: readonly ChosenRepository[], { io }: CommandContext): void {
  const lists = [...options.filesFrom, ...options.filesFromVerbatim, ...options.filesFromRaw]
  const isTaken = options.stdin || lists.includes('-')
  if (!isTaken || io.stdin.isTTY || chosen.every(({ password }) => password.kind !== 'ask')) return
  throw new UsageError('the password cannot be read from standard input, which is backed up', {
    hint: 'use --password-file, --password-command or HIKAE_PASSWORD_FILE',
  })
}

function exitCodeFor({ outcome, repositories }: BackupReport, { isIncomplete }: { isIncomplete: boolean }): ExitCode {
  // One of several repositories that failed leaves the backup incomplete: the others have it.
  if (repositories.every((repository) => repository.outcome === 'failed')) return EXIT.failed
  return outcome === 'succeeded' && !isIncomplete ? EXIT.succeeded : EXIT.incomplete
}

interface BackupRepository {
  readonly session: Session
  /** Present when it is to be brought level with the others. */
  readonly member?: Member
}

/**
 * Opens every repository. One that cannot be opened does not keep the others from their backup.
 *
 * @throws the first error when none can be opened
 */
async function openTargets(
  chosen: readonly ChosenRepository[],
  globals: GlobalValues,
  context: CommandContext,
  owned: AsyncDisposableStack,
  { dryRun, noCatchUp }: BackupValues,
): Promise<{ opened: BackupRepository[]; failed: FailedRepository[] }> {
  const access = { lock: 'shared', readOnly: dryRun } as const
  const { opened, failed } = await openAll(chosen, globals, context, () => access, owned)
  const isCatchUp = opened.length > 1 && !dryRun && !noCatchUp
  const usable = isCatchUp ? await readTargets(opened, context) : { opened, failed: [] }
  const troubles = [...failed, ...usable.failed].map(({ chosen, error }): FailedRepository => ({
    repository: labelOf(chosen),
    error,
  }))
  if (usable.opened.length === 0) throw troubles[0]!.error
  for (const trouble of troubles) printUnopened(trouble, context.out)
  return { opened: usable.opened, failed: troubles }
}

async function readTargets(
  opened: readonly OpenedRepository[],
  context: CommandContext,
): Promise<{ opened: BackupRepository[]; failed: UnopenedRepository[] }> {
  const { readMembers } = await import('../catch-up/member.ts')
  const { promiseCatchUp } = await import('../catch-up/with-backup.ts')
  const { members, failed } = await readMembers(opened, context)
  await promiseCatchUp(members, context)
  return { opened: members.map((member) => ({ session: member.session, member })), failed }
}

/** What the backup has left in trouble is left alone. */
async function catchUp(
  opened: readonly BackupRepository[],
  { repositories }: BackupReport,
  globals: GlobalValues,
  context: CommandContext,
): Promise<boolean> {
  const sound = opened.flatMap(({ member }, at) =>
    member === undefined || repositories[at]?.outcome === 'failed' ? [] : [member],
  )
  if (sound.length < 2) return true
  const { catchUpAfterBackup } = await import('../catch-up/with-backup.ts')
  return catchUpAfterBackup(sound, globals, context)
}
