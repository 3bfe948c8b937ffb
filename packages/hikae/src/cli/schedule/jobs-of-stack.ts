import { UsageError } from '../../errors.ts'
import type { ScheduledJob } from '../../schedules/scheduled-job.ts'
import type { Environment } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { openStackJobs, type StackJobs } from '../jobs/stack-jobs.ts'

/** What schedules need to know of a stack. */
export interface ScheduledStack {
  readonly name: string
  /** Full path of the stack file. */
  readonly config: string
  readonly jobs: readonly ScheduledJob[]
  /** Variables that the stack file takes values from: whoever runs it later has to have them. */
  readonly variables: readonly string[]
}

/** @throws {UsageError} there is no stack file @throws {ConfigError} it makes no sense */
export async function openScheduledStack(
  globals: Pick<GlobalValues, 'config'>,
  env: Environment,
): Promise<ScheduledStack> {
  const opened = await openStackJobs(globals as GlobalValues, { env })
  if (opened === undefined) {
    throw new UsageError('there is no stack file here, and nothing to schedule', {
      hint: 'run it in the folder of hikae.yaml, or name the file: --config FILE',
    })
  }
  const { variablesOfStack } = await import('./variables-of-stack.ts')
  return {
    name: opened.name,
    config: opened.stack.file,
    jobs: jobsOfStack(opened),
    variables: variablesOfStack(opened.stack, env),
  }
}

/** The jobs of a stack file, and its maintenance, as far as it matters when they run. */
function jobsOfStack({ jobs, maintenance }: StackJobs): ScheduledJob[] {
  const scheduled: readonly ScheduledJob[] = [...jobs, ...maintenance]
  return scheduled.map(({ name, schedule, timeZone, between }) => ({
    name,
    schedule,
    timeZone,
    ...(between ? { between } : {}),
  }))
}
