import { isKnownError } from '../../errors.ts'
import type { RunJournal } from '../../jobs/run-journal.ts'
import type { RunReport } from '../../jobs/run-report.ts'
import { type StepResult, Steps } from '../../jobs/steps.ts'
import { dueRepositories } from '../../maintenance/due-repositories.ts'
import { runOutcome } from '../../maintenance/run-outcome.ts'
import type { ScheduledTask } from '../../maintenance/scheduled-task.ts'
import type { Runs } from '../../state/runs.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import { checkTask } from './check-task.ts'
import { GivesWay } from './gives-way.ts'
import { pruneTask } from './prune-task.ts'

export interface MaintenanceContext {
  readonly stack: StackJobs
  /** Of the task: what was due before was not missed. */
  readonly firstSeen: Date
  readonly journal: RunJournal
  readonly runs: Runs
  readonly globals: GlobalValues
  readonly context: CommandContext
}

/** What a task does in one repository; `context.signal` also aborts when a job goes first. */
export type RepositoryTask = (
  repository: string,
  task: ScheduledTask,
  maintenance: MaintenanceContext,
) => Promise<StepResult<never>>

const TASKS: Readonly<Record<ScheduledTask['name'], RepositoryTask>> = { check: checkTask, prune: pruneTask }

/**
 * Does a task in each repository in which it is due, one after the other: trouble with one does not keep it from the others.
 * Never throws: how it went is in the report, also after the signal's abort.
 */
export async function runMaintenance(task: ScheduledTask, maintenance: MaintenanceContext): Promise<RunReport> {
  const { journal, runs, firstSeen, context } = maintenance
  const { signal } = context
  const steps = new Steps(journal, signal)
  const due = dueRepositories(task, runs, { firstSeen, now: new Date() })
  // Where nothing can be remembered, nothing is known to be done.
  for (const repository of due.length > 0 ? due : task.repositories) {
    if (signal.aborted) break
    await steps.take({ kind: task.name, repository }, async () => {
      using way = new GivesWay(runs, signal)
      try {
        way.signal.throwIfAborted()
        return await TASKS[task.name](repository, task, { ...maintenance, context: { ...context, signal: way.signal } })
      } catch (error) {
        return putOff(way.reason ?? error)
      }
    })
  }
  return { outcome: runOutcome(steps.records, signal.aborted), steps: steps.records, sources: [] }
}

/** That somebody else is at work is no failure. @throws any other error */
function putOff(error: unknown): StepResult<never> {
  if (!isKnownError(error) || (error.code !== 'PUT_OFF' && error.code !== 'LOCKED')) throw error
  const isLocked = error.code === 'LOCKED'
  const hint = isLocked ? 'it is tried again by itself; if nothing works there any more, run hikae unlock' : error.hint
  return {
    outcome: 'skipped',
    message: isLocked ? `put off: ${error.message}` : error.message,
    ...(hint === undefined ? {} : { hint }),
  }
}
