import { isPutOff } from '../../maintenance/run-outcome.ts'
import { isMaintenanceTask } from '../../maintenance/task.ts'
import type { CommandContext } from '../context.ts'
import { becomeOnlyScheduler } from '../daemon/only-scheduler.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { sayInterrupted } from './say-interrupted.ts'
import type { StackJobs } from './stack-jobs.ts'
import { type Scheduled, startStackScheduler } from './stack-scheduler.ts'
import { type EndedRun, StackRunner } from './stack-runner.ts'

/**
 * Runs what is due now, as the daemon would, and ends. When the daemon, or another call, is at it already,
 * nothing is left to do here.
 */
export async function runDue(
  stack: StackJobs,
  due: Scheduled,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { out } = context
  await using owned = new AsyncDisposableStack()
  const runner = owned.use(new StackRunner(stack, globals, context))
  const place = await becomeOnlyScheduler(stack.stateFolder, () => ({ role: 'due', pid: process.pid, running: [] }))
  if (!place) {
    out.note('the jobs of this stack are run by another process')
    return EXIT.succeeded
  }
  owned.use(place)
  await sayInterrupted(runner, out)
  const ended: EndedRun[] = []
  const failures: string[] = []
  await using scheduler = startStackScheduler({
    runner,
    scheduled: () => due,
    context,
    onEnd: (run) => void ended.push(run),
    onFailure: (name) => void failures.push(name),
  })
  await scheduler.idle()
  if (ended.length + failures.length === 0) {
    out.note('nothing is due')
    return EXIT.succeeded
  }
  const outcomes = ended
    .filter(({ job, steps }) => !isMaintenanceTask(job) || !isPutOff(steps))
    .map(({ outcome }) => outcome)
  if (failures.length === 0 && outcomes.every((outcome) => outcome === 'succeeded')) return EXIT.succeeded
  return outcomes.every((outcome) => outcome === 'failed') ? EXIT.failed : EXIT.incomplete
}
