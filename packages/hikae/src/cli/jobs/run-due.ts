import { errorMessage } from '../../errors.ts'
import type { JobOnTime } from '../../jobs/source-status.ts'
import type { ScheduledJob } from '../../schedules/scheduled-job.ts'
import { type Occasion, startScheduler } from '../../schedules/scheduler.ts'
import { systemClock } from '../../schedules/system-clock.ts'
import type { CommandContext } from '../context.ts'
import { becomeOnlyScheduler } from '../daemon/only-scheduler.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { printRun } from './report.ts'
import { sayInterrupted } from './say-interrupted.ts'
import type { StackJobs } from './stack-jobs.ts'
import { type EndedRun, StackRunner } from './stack-runner.ts'
import { triggerOf } from './trigger.ts'

/**
 * Runs the jobs that are due now, as the daemon would, and ends. When the daemon, or another call, is at it already,
 * nothing is left to do here.
 */
export async function runDue(
  stack: StackJobs,
  jobs: readonly JobOnTime[],
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, signal } = context
  await using owned = new AsyncDisposableStack()
  const runner = owned.use(new StackRunner(stack, globals, context))
  const place = await becomeOnlyScheduler(stack.stateFolder)
  if (!place) {
    out.note('the jobs of this stack are run by another process')
    return EXIT.succeeded
  }
  owned.use(place)
  await sayInterrupted(runner, out)
  const ended: EndedRun[] = []
  const failures: string[] = []
  const run = async ({ name }: ScheduledJob, occasion: Occasion): Promise<void> => {
    const job = jobs.find((candidate) => candidate.name === name)!
    const result = await runner.run(job, {
      trigger: triggerOf(job, occasion),
      waitMs: Infinity,
      signal: occasion.signal,
    })
    printRun(result, out)
    ended.push(result)
  }
  await using scheduler = startScheduler({
    jobs,
    clock: systemClock,
    marks: ({ name }) => runner.marks(name),
    run,
    onFailure(job, error) {
      failures.push(job.name)
      out.warn(`the job ${job.name} could not be run: ${errorMessage(error)}`)
    },
    signal,
  })
  await scheduler.idle()
  if (ended.length + failures.length === 0) {
    out.note('no job is due')
    return EXIT.succeeded
  }
  if (failures.length === 0 && ended.every(({ outcome }) => outcome === 'succeeded')) return EXIT.succeeded
  return ended.every(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.incomplete
}
