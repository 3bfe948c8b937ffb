import type { Job } from '../../jobs/job.ts'
import type { RunReport } from '../../jobs/run-report.ts'
import type { RunTrigger } from '../../state/run-record.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { printRun } from './report.ts'
import { sayInterrupted } from './say-interrupted.ts'
import type { StackJobs } from './stack-jobs.ts'
import { StackRunner } from './stack-runner.ts'

export interface RunJobsOptions {
  readonly trigger: RunTrigger
  readonly acceptShrinkage: boolean
}

/** Runs jobs one after the other; what goes wrong with one does not keep the next from running. */
export async function runJobs(
  jobs: readonly Job[],
  stack: StackJobs,
  options: RunJobsOptions,
  globals: GlobalValues,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, signal } = context
  await using runner = new StackRunner(stack, globals, context)
  await sayInterrupted(runner, out)
  const outcomes: RunReport['outcome'][] = []
  for (const job of jobs) {
    if (signal.aborted) break
    const ended = await runner.run(job, { ...options, waitMs: globals.retryLock ?? 0 })
    printRun(ended, out)
    outcomes.push(ended.outcome)
  }
  signal.throwIfAborted()
  if (outcomes.every((outcome) => outcome === 'succeeded')) return EXIT.succeeded
  return outcomes.every((outcome) => outcome === 'failed') ? EXIT.failed : EXIT.incomplete
}
