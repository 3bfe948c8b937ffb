import { readDiskUsage } from '../../docker/housekeeping/disk-usage.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { openStackJobs } from '../jobs/stack-jobs.ts'
import { printableText } from '../output/printable.ts'
import { stackRepositories } from '../repository/choose.ts'
import { reasonOf } from '../survey/reason.ts'
import { type ReachedRepository, surveyRepositories } from '../survey/survey.ts'
import { openAskedEngine } from './engine-option.ts'
import { sourcesOnEngine } from './sources-on-engine.ts'
import { type MeasuredVolume, printUsage } from './usage-view.ts'
import { backupsOf, type VolumeBackups } from './volume-backups.ts'
import { volumeUses } from './volume-uses.ts'

/** `hikae docker usage`. */
export async function runUsage(
  host: string | undefined,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  await using engine = await openAskedEngine(host, context)
  const { backups, isWhole } = await knownBackups(engine, globals, context)
  const usage = await readDiskUsage(engine)
  const volumes = (await volumeUses(engine)).map((use): MeasuredVolume => {
    const bytes = usage.volumeBytes.get(use.volume.name)
    return {
      ...use,
      ...(bytes === undefined ? {} : { bytes }),
      ...(backups && { backups: backups(use.volume.name) }),
    }
  })
  printUsage({ engine, usage, volumes }, context.out, Date.now())
  return isWhole ? EXIT.succeeded : EXIT.incomplete
}

interface KnownBackups {
  /** Absent without a stack file. */
  readonly backups?: (volume: string) => VolumeBackups<ReachedRepository>
  /** False when some repository or source could not be asked. */
  readonly isWhole: boolean
}

async function knownBackups(
  engine: Parameters<typeof sourcesOnEngine>[1],
  globals: GlobalValues,
  context: CommandContext,
): Promise<KnownBackups> {
  const { out } = context
  const stack = await openStackJobs(globals, context)
  if (!stack) {
    out.note('There is no stack file: nothing is known of backups.')
    return { isWhole: true }
  }
  const { sources, isAllKnown } = await sourcesOnEngine(stack, engine, context)
  const chosen = await stackRepositories(globals, context)
  const surveyed = await surveyRepositories(chosen, globals, context, { sizes: false })
  const reached = surveyed.filter((repository) => repository.kind === 'reached')
  for (const repository of surveyed) {
    if (repository.kind === 'reached') continue
    out.warn(`${printableText(repository.label)} cannot be reached: ${reasonOf(repository)}`)
  }
  const held = reached.map((repository) => ({ repository, snapshots: repository.snapshots }))
  return {
    backups: (volume) => backupsOf(volume, { stack: stack.name, sources }, held),
    isWhole: isAllKnown && reached.length === surveyed.length,
  }
}
