import { type MaintenanceStatus, maintenanceStatuses } from '../../maintenance/maintenance-status.ts'
import type { CommandContext } from '../context.ts'
import { openExistingState } from '../history/stack-state.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import type { SurveyedRepository } from './survey.ts'

/** How maintenance stands in repositories that were asked; of others nothing is said. Makes nothing. */
export async function maintenanceOf(
  { maintenance, stateFolder }: Pick<StackJobs, 'maintenance' | 'stateFolder'>,
  repositories: readonly SurveyedRepository[],
  { out }: CommandContext,
): Promise<MaintenanceStatus[]> {
  const asked = new Map(repositories.map((repository) => [repository.label, repository]))
  const tasks = maintenance.map((task) => ({
    ...task,
    repositories: task.repositories.filter((name) => asked.has(name)),
  }))
  if (tasks.every((task) => task.repositories.length === 0)) return []
  await using state = await openExistingState(stateFolder, { clock: Date.now }, out)
  const seen = state?.schedules.all()
  return maintenanceStatuses(tasks, {
    remembered: state?.runs,
    firstSeen: (task) => dateOf(seen?.get(task)?.firstSeen),
    passedChecks(name) {
      const repository = asked.get(name)
      return repository?.kind === 'reached' ? repository.checks : undefined
    },
    now: new Date(),
  })
}

function dateOf(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}
