import type { DockerEngine } from '../../docker/engine.ts'
import { removeLeftHelpers } from '../../docker/archive/left-helpers.ts'
import { UsageError } from '../../errors.ts'
import type { StatedJob } from '../../jobs/source-status.ts'
import { confirm } from '../confirm.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { openStackJobs, type StackJobs } from '../jobs/stack-jobs.ts'
import { formatBytesRoughly, formatQuantity } from '../output/format.ts'
import { printableText } from '../output/printable.ts'
import { withProgress } from '../output/progress.ts'
import { labelOf, stackRepositories } from '../repository/choose.ts'
import { openAll, type OpenedRepository } from '../repository/open-all.ts'
import { openAskedEngine } from './engine-option.ts'
import type { Goes } from './judge-volume.ts'
import { isGoing, type PlannedVolume, planVolumePrune, type VolumePrunePlan } from './prune-plan.ts'
import { PRUNE_PROGRESS, printConsequences, printPlan, printRemoved, printStay } from './prune-view.ts'
import { removePlanned } from './remove-planned.ts'
import { sourcesOnEngine } from './sources-on-engine.ts'
import type { Stays } from './stays.ts'
import { backupsOf, type VolumeBackups } from './volume-backups.ts'

export interface PruneVolumesOptions {
  readonly engine: string | undefined
  readonly olderThan: number | undefined
  readonly dryRun: boolean
  readonly yes: boolean
}

/** `hikae docker prune-volumes`: tells the plan, asks, looks again, removes. */
export async function runPruneVolumes(
  names: readonly string[],
  { engine: host, olderThan, dryRun, yes }: PruneVolumesOptions,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, signal } = context
  const stack = await openStackJobs(globals, context)
  if (!stack) {
    throw new UsageError('there is no stack file, so nothing is known of backups: no volume can go', {
      hint: 'write hikae.yaml with a source of the kind docker-volumes, or name the file with --config',
    })
  }
  await using owned = new AsyncDisposableStack()
  const engine = owned.use(await openAskedEngine(host, context))
  await removeLeftHelpers(engine)
  const work = { signal, log: (line: string) => out.detail(printableText(line)) }
  const known = await knownBackups(stack, engine, globals, context, owned)
  const nowMs = Date.now()
  const plan = await withProgress(out, PRUNE_PROGRESS, async (progress) => {
    const now = { volume: '', bytes: 0 }
    return await planVolumePrune({
      ...{ ...work, ...known, engine, names, nowMs, olderThanMs: olderThan ?? 0 },
      warn: (message) => out.warn(message),
      onVolume: (volume) => progress.update(Object.assign(now, { volume, bytes: 0 })),
      onBytes: (bytes) => progress.update(Object.assign(now, { bytes: now.bytes + bytes })),
    })
  })
  printPlan(plan, out, nowMs)
  const going = plan.volumes.filter(isGoing)
  if (going.length > 0) {
    const { describePolicy } = await import('@hikae/engine')
    printConsequences(going, known.jobs, describePolicy, out)
  }
  if (dryRun || going.length === 0) {
    out.note(dryRun ? 'Nothing was done.' : 'No volume can go.')
    return exitCodeOf(plan, [], { isAsked: names.length > 0 && !dryRun })
  }
  const bytes = going.reduce((sum, { verdict }) => sum + verdict.comparison.bytes, 0)
  const what = `${formatQuantity(going.length, 'volume')} with ${formatBytesRoughly(bytes)}`
  if (!yes) await confirm(`Remove ${what} for good?`, context)
  const left: Stays[] = []
  for (const planned of going) {
    const obstacle = await removePlanned(engine, planned, work)
    if (obstacle) left.push(obstacle)
    tell(planned, obstacle, context)
  }
  return exitCodeOf(plan, left, { isAsked: names.length > 0 })
}

function tell(planned: PlannedVolume<Goes>, obstacle: Stays | undefined, { out }: CommandContext): void {
  if (!obstacle) return printRemoved(planned, out)
  const { name } = planned.use.volume
  const { reason, message, hint } = obstacle
  if (out.json) out.document({ message_type: 'stayed', volume: name, reason, message, hint: hint ?? null })
  else printStay(printableText(name), obstacle, out)
}

/** @param left of those that were to go @param how whether each volume was asked for by name or pattern */
function exitCodeOf(
  { volumes }: VolumePrunePlan,
  left: readonly Stays[],
  { isAsked }: { readonly isAsked: boolean },
): ExitCode {
  const staying = volumes.flatMap(({ verdict }) => (verdict.kind === 'stays' ? [verdict] : []))
  const isTrouble = [...staying, ...left].some(({ reason }) => reason === 'unreadable')
  const isLess = left.length > 0 || (isAsked && staying.length > 0)
  if (!isTrouble && !isLess) return EXIT.succeeded
  const isAnyGone = volumes.length - staying.length - left.length > 0
  return isAnyGone || !isLess ? EXIT.incomplete : EXIT.failed
}

interface KnownBackups {
  readonly backups: (volume: string) => VolumeBackups<OpenedRepository>
  readonly isAllKnown: boolean
  readonly jobs: readonly StatedJob[]
}

async function knownBackups(
  stack: StackJobs,
  engine: DockerEngine,
  globals: GlobalValues,
  context: CommandContext,
  owned: AsyncDisposableStack,
): Promise<KnownBackups> {
  const { out, signal } = context
  const { sources, jobs, isAllKnown } = await sourcesOnEngine(stack, engine, context)
  const chosen = await stackRepositories(globals, context)
  // What is read back has to come from the storage itself; the lock keeps it from being forgotten meanwhile.
  const access = { lock: 'shared', readOnly: true, cache: 'none' } as const
  const { opened, failed } = await openAll(chosen, globals, context, () => access, owned)
  for (const { chosen: absent, error } of failed) out.warn(`${labelOf(absent)}: ${error.message}`)
  const held: { repository: OpenedRepository; snapshots: Awaited<ReturnType<typeof snapshotsOf>> }[] = []
  for (const repository of opened) held.push({ repository, snapshots: await snapshotsOf(repository, signal) })
  return {
    backups: (volume) => backupsOf(volume, { stack: stack.name, sources }, held),
    isAllKnown: failed.length === 0 && isAllKnown,
    jobs,
  }
}

async function snapshotsOf({ session }: OpenedRepository, signal: AbortSignal) {
  return await session.repository.snapshots(signal)
}
