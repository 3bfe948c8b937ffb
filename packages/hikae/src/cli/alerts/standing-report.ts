import type { RepositoryResult, RunReport } from '../../alerts/event.ts'
import { worstOutcome } from '../../alerts/outcome.ts'
import type { MaintenanceTask } from '../../maintenance/task.ts'
import type { RunRecord, StepRecord } from '../../state/run-record.ts'
import type { Runs } from '../../state/runs.ts'
import { passedChecks } from '../check/last-check.ts'
import type { Environment } from '../context.ts'
import { alertReport } from './alert-report.ts'

/**
 * The last run of a task as it stands now: damage that a check of all data has not found any more is over.
 *
 * @returns undefined when no run has come to its end
 */
export async function standingReport(
  task: MaintenanceTask,
  runs: Pick<Runs, 'list'>,
  env: Environment,
): Promise<RunReport | undefined> {
  const [last] = runs.list({ job: task, outcomes: ['succeeded', 'incomplete', 'failed'], limit: 1 })
  if (!last) return undefined
  const report = alertReport({ ...last, outcome: last.outcome as Outcome })
  const repositories = await Promise.all(
    (report.repositories ?? []).map(async (result): Promise<RepositoryResult> => {
      const step = last.steps.find(({ repository }) => repository === result.repository)
      if (!result.isDamaged || !step || !(await isRepaired(step, env))) return result
      return { repository: result.repository, outcome: 'succeeded', troubles: [] }
    }),
  )
  return { ...report, repositories, outcome: worstOutcome(repositories.map(({ outcome }) => outcome)) }
}

type Outcome = Exclude<NonNullable<RunRecord['outcome']>, 'interrupted'>

async function isRepaired({ startedAt, facts }: StepRecord, env: Environment): Promise<boolean> {
  const id = facts?.['repositoryId']
  if (typeof id !== 'string') return false
  const { all } = await passedChecks(env, id)
  return all !== undefined && all > startedAt
}
