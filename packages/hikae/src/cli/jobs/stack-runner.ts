import { setTimeout as pause } from 'node:timers/promises'
import { ProgramError } from '../../errors.ts'
import type { Job } from '../../jobs/job.ts'
import { findRival } from '../../jobs/rival.ts'
import { runJob } from '../../jobs/run-job.ts'
import type { RunReport } from '../../jobs/run-report.ts'
import type { JobMarks } from '../../schedules/scheduled-job.ts'
import type { RunId, RunRecord, RunTrigger } from '../../state/run-record.ts'
import { openState, type State } from '../../state/state.ts'
import { Alerting } from '../alerts/alerting.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { programVersion } from '../version.ts'
import { journalOf } from './journal.ts'
import { knownSecrets } from './known-secrets.ts'
import { repositoriesOfStack } from './repositories-of-stack.ts'
import { StackFolders } from './run-folders.ts'
import type { StackJobs } from './stack-jobs.ts'

/** Runs are remembered for two years; the last good ones for ever. */
const HISTORY_DAYS = 730
/** How often a run that is waited for is looked at. */
const LOOK_MS = 1000

export interface RunRequest {
  readonly trigger: RunTrigger
  readonly acceptShrinkage?: boolean
  /** How long to wait for a run of the same sources; without it, such a run is a reason to refuse. */
  readonly waitMs?: number
  /** Of this run; that of the whole program by default. */
  readonly signal?: AbortSignal
}

/** A run that has ended. */
export interface EndedRun extends RunReport {
  readonly id: RunId
  readonly job: string
}

/** Another run is at work on the same source and repository. */
class OverlapError extends ProgramError {
  override readonly name = 'OverlapError'
  readonly code = 'LOCKED'
}

/** Runs jobs of a stack and remembers it. */
export class StackRunner implements AsyncDisposable {
  #stack: StackJobs
  readonly state: State
  readonly #folders: StackFolders
  #globals: GlobalValues
  readonly #context: CommandContext

  /** @throws {StateError} what is to be remembered cannot be written down */
  constructor(stack: StackJobs, globals: GlobalValues, context: CommandContext) {
    this.#stack = stack
    this.state = openState(stack.stateFolder, { clock: Date.now })
    this.#folders = new StackFolders(stack.stateFolder)
    this.#globals = globals
    this.#context = context
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.state[Symbol.asyncDispose]()
  }

  get stack(): StackJobs {
    return this.#stack
  }

  /** From a newer reading of the same file, by these options; what runs goes on with the older one. */
  replace(stack: StackJobs, globals: GlobalValues): void {
    this.#stack = stack
    this.#globals = globals
  }

  /** Notes which runs have died, and removes what they left. @returns those that nobody has noted before */
  async tidy(): Promise<readonly RunRecord[]> {
    const { runs } = this.state
    const interrupted = runs.markInterrupted()
    for (const id of await this.#folders.runsWithScratch()) {
      const run = runs.get(id as RunId)
      if (run === undefined || run.outcome !== undefined) await this.#folders.removeScratch(id)
    }
    return interrupted
  }

  /** What a schedule has to know of a job. */
  marks(job: string): JobMarks {
    const { firstSeen, lastStarted } = this.state.schedules.see(job)
    return { firstSeen: new Date(firstSeen), ...(lastStarted !== undefined && { lastStarted: new Date(lastStarted) }) }
  }

  /**
   * Runs a job to its end; how it went is in the report.
   *
   * @throws {OverlapError} another run is at work on the same source, and is not waited for any longer
   */
  async run(job: Job, request: RunRequest): Promise<EndedRun> {
    const { runs, logs, redactor } = this.state
    const { trigger, acceptShrinkage = false, signal = this.#context.signal } = request
    const { name, stack } = this.stack
    const program = programVersion()
    const { id, startedAt } = runs.begin({ stack: name, job: job.name, trigger, program })
    await this.#waitForOthers(id, job, { waitMs: request.waitMs ?? 0, signal })
    // Whoever began it: what was due before is done.
    this.state.schedules.start(job.name, Date.parse(startedAt))
    this.#context.out.note(`job ${job.name}, run ${id}`)
    const alerting = new Alerting(this.stack, this.state, this.#context)
    await alerting.started(job.name, id)
    for (const secret of await knownSecrets(stack, this.#context.env)) redactor.add(secret)
    const log = logs.open(id)
    const report = await runJob(job, {
      stack: name,
      runId: id,
      stackFiles: stack.files,
      folder: stack.folder,
      repositories: repositoriesOfStack(this.#globals, { ...this.#context, signal }, job.limits),
      folders: this.#folders.forRun(id),
      journal: journalOf(id, this.state, log),
      program,
      env: this.#context.env,
      now: () => new Date(),
      signal,
      acceptShrinkage,
    })
    log[Symbol.dispose]()
    runs.end(id, report.outcome)
    if (log.problem !== undefined) this.#context.out.warn(`the log of this run is not whole: ${log.problem}`)
    await this.#folders.removeScratch(id)
    await this.state.prune(HISTORY_DAYS)
    const ended = { ...report, id, job: job.name }
    await alerting.ended(ended)
    return ended
  }

  /** One run at a time for a source in a repository; which of two that begin at once goes first is told by their ids. */
  async #waitForOthers(id: RunId, job: Job, wait: { waitMs: number; signal: AbortSignal }): Promise<void> {
    try {
      await this.#untilFree(id, job, wait)
    } catch (error) {
      this.state.runs.end(id, 'cancelled')
      throw error
    }
  }

  async #untilFree(
    id: RunId,
    job: Job,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const until = performance.now() + waitMs
    let isTold = false
    for (;;) {
      const rival = findRival({ id, job }, this.state.runs.list({ outcomes: ['running'] }), this.stack.jobs)
      if (!rival) return
      const who = `the run ${rival.id} of the job ${rival.job} (process ${rival.pid}), which saves the source ${rival.source} too`
      if (performance.now() >= until) {
        throw new OverlapError(`the job ${job.name} has to wait for ${who}`, {
          hint: 'wait for its end, or say how long to wait with --retry-lock 30m',
        })
      }
      if (!isTold) this.#context.out.warn(`waiting for ${who}`)
      isTold = true
      await pause(LOOK_MS, undefined, { signal })
    }
  }
}
