import { errorMessage } from '../../errors.ts'
import { isDone, taskHistory } from '../../maintenance/task-history.ts'
import { retryAfterMs } from '../../maintenance/due-repositories.ts'
import type { ScheduledTask } from '../../maintenance/scheduled-task.ts'
import type { JobOnTime } from '../../jobs/source-status.ts'
import type { ScheduledJob } from '../../schedules/scheduled-job.ts'
import { type Occasion, type Scheduler, startScheduler } from '../../schedules/scheduler.ts'
import { systemClock } from '../../schedules/system-clock.ts'
import type { CommandContext } from '../context.ts'
import { printMaintenance } from '../maintenance/print-maintenance.ts'
import { printRun } from './report.ts'
import type { StackJobs } from './stack-jobs.ts'
import type { EndedRun, StackRunner } from './stack-runner.ts'
import { triggerOf } from './trigger.ts'

/** What begins by its schedule. */
export interface Scheduled {
  readonly jobs: readonly JobOnTime[]
  readonly maintenance: readonly ScheduledTask[]
}

export interface StackSchedulerOptions {
  readonly runner: StackRunner
  /** Asked for when something begins, since the stack file may have changed. */
  readonly scheduled: () => Scheduled
  readonly context: CommandContext
  readonly onBegin?: (name: string) => Promise<void>
  readonly onEnd?: (run: EndedRun) => Promise<void> | void
  readonly onFailure?: (name: string) => void
}

/** All that a stack does by schedule, jobs and maintenance: one at a time, in the order in which it became due. */
export function everythingOf({ jobs, maintenance }: StackJobs | Scheduled): readonly ScheduledJob[] {
  return [...jobs, ...maintenance]
}

/** Runs jobs and maintenance when they are due, tells how each run went, and goes on when one throws. */
export function startStackScheduler(options: StackSchedulerOptions): Scheduler {
  const { runner, scheduled, context, onBegin, onEnd, onFailure } = options
  const { out, signal } = context
  return startScheduler({
    jobs: everythingOf(scheduled()),
    clock: systemClock,
    marks: ({ name }) => runner.marks(name),
    async run({ name }, occasion) {
      const { jobs, maintenance } = scheduled()
      const job = jobs.find((candidate) => candidate.name === name)
      const task = maintenance.find((candidate) => candidate.name === name)
      if (!job && !task) return undefined
      await onBegin?.(name)
      const ended = job ? await runOnTime(runner, job, occasion) : await maintainOnTime(runner, task!, occasion)
      if (job) printRun(ended, out)
      else printMaintenance(ended, out)
      await onEnd?.(ended)
      return task && retryAfter(task, ended, runner)
    },
    onFailure({ name }, error) {
      onFailure?.(name)
      const what = runner.stack.jobs.some((job) => job.name === name) ? `the job ${name}` : name
      out.warn(`${what} could not be run: ${errorMessage(error)}`)
    },
    signal,
  })
}

async function runOnTime(runner: StackRunner, job: JobOnTime, occasion: Occasion): Promise<EndedRun> {
  return await runner.run(job, { trigger: triggerOf(job, occasion), waitMs: Infinity, signal: occasion.signal })
}

async function maintainOnTime(runner: StackRunner, task: ScheduledTask, occasion: Occasion): Promise<EndedRun> {
  return await runner.maintain(task, { trigger: triggerOf(task, occasion), signal: occasion.signal })
}

/** By how often it failed in the repository that is tried again first. */
function retryAfter({ name }: ScheduledTask, { steps }: EndedRun, { state }: StackRunner): Date | undefined {
  const waits = steps
    .filter((step) => !isDone(step))
    .map(({ repository = '' }) => retryAfterMs(Math.max(1, taskHistory(state.runs, name, repository).failures)))
  return waits.length === 0 ? undefined : new Date(Date.now() + Math.min(...waits))
}
