import { describeUnknown } from '../jobs/resolve-jobs.ts'
import type { ConfiguredMaintenance } from './maintenance-schema.ts'
import { isMaintenanceTask } from './task.ts'

/** What a stack file says that has to do with maintenance. */
interface ConfiguredStack {
  readonly jobs: Readonly<Record<string, unknown>>
  readonly repositories: Readonly<Record<string, unknown>>
  readonly maintenance: ConfiguredMaintenance
}

/** Names that maintenance uses and the stack does not have, and jobs that are called as what maintenance does. */
export function maintenanceProblems({
  jobs,
  repositories,
  maintenance: { to = [] },
}: ConfiguredStack): { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const known = Object.keys(repositories)
  const taken = Object.keys(jobs).filter(isMaintenanceTask)
  return [
    ...taken.map((name) => ({
      path: ['jobs', name],
      message: `'${name}' is what maintenance does with repositories, and runs go by that name: call the job otherwise`,
    })),
    ...to.flatMap((name, at) =>
      known.includes(name)
        ? []
        : [{ path: ['maintenance', 'to', at], message: describeUnknown('repository', name, known) }],
    ),
  ]
}
