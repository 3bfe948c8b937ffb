import type { CheckReport, PackId, ReadDataSelection } from '@hikae/engine'
import type { StepResult } from '../../jobs/steps.ts'
import { damageHint, damageText } from '../../maintenance/damage-text.ts'
import type { ScheduledTask } from '../../maintenance/scheduled-task.ts'
import { taskHistory } from '../../maintenance/task-history.ts'
import type { StepFacts } from '../../state/step-facts.ts'
import { CHECK_ACCESS, checkRepository } from '../check/check-repository.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { openRepositoryOfStack } from './open-repository.ts'
import type { MaintenanceContext } from './run-maintenance.ts'

/** So many findings stand in the log of the run; `hikae check` tells all of them. */
const MOST_LOGGED = 100

/** Checks one repository; reads the part of the data that comes after what the last check has read. */
export async function checkTask(
  name: string,
  { readData }: ScheduledTask,
  maintenance: MaintenanceContext,
): Promise<StepResult<never>> {
  const { journal, runs, stack, context } = maintenance
  const after = taskHistory(runs, 'check', name).lastDone?.facts?.['readUpTo'] as PackId | undefined
  await using session = await openRepositoryOfStack(name, CHECK_ACCESS, maintenance)
  const { report } = await checkRepository(session, { readData: selectionOf(readData, after) }, context)
  for (const { kind, message } of report.errors.slice(0, MOST_LOGGED)) {
    journal.log({ level: 'error', event: kind, repository: name, message })
  }
  // Without the id, nobody could say later whether another check has shown damage to be repaired.
  const facts = { ...factsOf(report, after), repositoryId: session.repository.config.id }
  if (report.errors.length === 0) return { facts }
  const hint = damageHint(report, name, siblingsOf(name, stack))
  return { outcome: 'failed', message: damageText(report), facts, ...(hint === '' ? {} : { hint }) }
}

function selectionOf(readData: ScheduledTask['readData'], after: PackId | undefined): ReadDataSelection | undefined {
  if (readData === undefined || readData === 'all') return readData
  return { round: readData, after }
}

/** Where damage was found, the next check reads the same part again: it must not be forgotten by looking elsewhere. */
function factsOf(report: CheckReport, after: PackId | undefined): StepFacts {
  const { snapshots, packs, packsRead, bytesRead, errors, hints, roundEndsAt } = report
  const readUpTo = errors.length > 0 ? after : (roundEndsAt ?? after)
  return {
    snapshots,
    packs,
    ...(packsRead > 0 ? { packsRead, readBytes: bytesRead } : {}),
    ...(errors.length > 0 ? { errors: errors.length } : {}),
    ...(hints.length > 0 ? { hints: hints.length } : {}),
    ...(readUpTo === undefined ? {} : { readUpTo }),
  }
}

/** Other repositories that a job stores the same in. */
function siblingsOf(name: string, { jobs }: StackJobs): string[] {
  const sharing = jobs.filter(({ repositories }) => repositories.includes(name))
  return [...new Set(sharing.flatMap(({ repositories }) => repositories))].filter((other) => other !== name)
}
