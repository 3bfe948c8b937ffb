import { setTimeout as pause } from 'node:timers/promises'
import { ProgramError } from '../../errors.ts'
import type { Job } from '../../jobs/job.ts'
import { findRival } from '../../jobs/rival.ts'
import { runJob } from '../../jobs/run-job.ts'
import type { RunReport } from '../../jobs/run-report.ts'
import type { RunId, RunTrigger } from '../../state/run-record.ts'
import { openState, type State } from '../../state/state.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { GlobalValues } from '../global-options.ts'
import { programVersion } from '../version.ts'
import { journalOf } from './journal.ts'
import { printRun } from './report.ts'
import { repositoriesOfStack } from './repositories-of-stack.ts'
import { StackFolders } from './run-folders.ts'
import type { StackJobs } from './stack-jobs.ts'

/** How often a run that is waited for is looked at. */
const LOOK_MS = 1000

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
  await using state = openState(stack.stateFolder, { clock: Date.now })
  for (const warning of state.warnings) context.out.warn(warning)
  const folders = new StackFolders(stack.stateFolder)
  await tidy(state, folders, context)
  const outcomes: RunReport['outcome'][] = []
  for (const job of jobs) {
    if (context.signal.aborted) break
    outcomes.push(await new JobExecution({ job, stack, options, globals, context, state, folders }).run())
  }
  context.signal.throwIfAborted()
  return exitCodeFor(outcomes)
}

/** Says which runs have died, and removes what they left. */
async function tidy({ runs }: State, folders: StackFolders, { out }: CommandContext): Promise<void> {
  for (const { id, job } of runs.markInterrupted()) {
    out.warn(`the run ${id} of the job ${job} was interrupted: its process has gone`)
  }
  for (const id of await folders.runsWithScratch()) {
    if (runs.get(id as RunId)?.outcome === undefined && runs.get(id as RunId) !== undefined) continue
    await folders.removeScratch(id)
  }
}

interface Execution {
  readonly job: Job
  readonly stack: StackJobs
  readonly options: RunJobsOptions
  readonly globals: GlobalValues
  readonly context: CommandContext
  readonly state: State
  readonly folders: StackFolders
}

class JobExecution {
  readonly #execution: Execution

  constructor(execution: Execution) {
    this.#execution = execution
  }

  async run(): Promise<RunReport['outcome']> {
    const { job, stack, options, globals, context, state, folders } = this.#execution
    const { env, out, signal } = context
    const program = programVersion()
    const { id } = state.runs.begin({ stack: stack.name, job: job.name, trigger: options.trigger, program })
    try {
      await this.#waitForOthers(id)
    } catch (error) {
      state.runs.end(id, 'cancelled')
      throw error
    }
    out.note(`job ${job.name}, run ${id}`)
    using log = state.logs.open(id)
    const report = await runJob(job, {
      stack: stack.name,
      runId: id,
      stackFiles: stack.stack.files,
      folder: stack.stack.folder,
      repositories: repositoriesOfStack(globals, context),
      folders: folders.forRun(id),
      journal: journalOf(id, state, log),
      program,
      env,
      now: () => new Date(),
      signal,
      acceptShrinkage: options.acceptShrinkage,
    })
    state.runs.end(id, report.outcome)
    await folders.removeScratch(id)
    printRun(job.name, id, report, out)
    return report.outcome
  }

  /** One run at a time for a source in a repository; which of two that begin at once goes first is told by their ids. */
  async #waitForOthers(id: RunId): Promise<void> {
    const { job, stack, globals, context, state } = this.#execution
    const until = Date.now() + (globals.retryLock ?? 0)
    let isTold = false
    for (;;) {
      const rival = findRival({ id, job }, state.runs.list({ outcomes: ['running'] }), stack.jobs)
      if (!rival) return
      const who = `the run ${rival.id} of the job ${rival.job} (process ${rival.pid}), which saves the source ${rival.source} too`
      if (Date.now() >= until) {
        throw new OverlapError(`the job ${job.name} has to wait for ${who}`, {
          hint: 'wait for its end, or say how long to wait with --retry-lock 30m',
        })
      }
      if (!isTold) context.out.warn(`waiting for ${who}`)
      isTold = true
      await pause(LOOK_MS, undefined, { signal: context.signal })
    }
  }
}

/** Another run is at work on the same source and repository. */
class OverlapError extends ProgramError {
  override readonly name = 'OverlapError'
  readonly code = 'LOCKED'
}

function exitCodeFor(outcomes: readonly RunReport['outcome'][]): ExitCode {
  if (outcomes.every((outcome) => outcome === 'succeeded')) return EXIT.succeeded
  return outcomes.every((outcome) => outcome === 'failed') ? EXIT.failed : EXIT.incomplete
}
