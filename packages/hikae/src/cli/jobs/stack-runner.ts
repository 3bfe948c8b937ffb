import { setTimeout as pause } from 'node:timers/promises'
import { ProgramError } from '../../errors.ts'
import type { Job } from '../../jobs/job.ts'
import { findRival } from '../../jobs/rival.ts'
import { runJob } from '../../jobs/run-job.ts'
import { retryOf } from '../../maintenance/due-repositories.ts'
import type { ScheduledTask } from '../../maintenance/scheduled-task.ts'
import type { RunJournal } from '../../jobs/run-journal.ts'
import type { RunReport } from '../../jobs/run-report.ts'
import type { JobMarks } from '../../schedules/scheduled-job.ts'
import type { RunId, RunRecord, RunTrigger } from '../../state/run-record.ts'
import { openState, type State } from '../../state/state.ts'
import { Alerting } from '../alerts/alerting.ts'
import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import { runMaintenance } from '../maintenance/run-maintenance.ts'
import { findMaintenance } from '../maintenance/gives-way.ts'
import { programVersion } from '../version.ts'
import { journalOf } from './journal.ts'
import { knownSecrets, secretsOfSource } from './known-secrets.ts'
import { discoverSources, type DiscoveredStack } from './labelled/discover-sources.ts'
import { rememberLabelled } from './labelled/remember-labelled.ts'
import { repositoriesOfStack } from './repositories-of-stack.ts'
import { StackFolders } from './run-folders.ts'
import type { StackJobs } from './stack-jobs.ts'
import { printFindings } from './undo-source.ts'

/** Runs are remembered for two years; the last good ones for ever. */
const HISTORY_DAYS = 730
/** How often a run that is waited for is looked at. */
const LOOK_MS = 1000
/** Maintenance stops when a job begins, which takes seconds; what hangs is not waited for longer. */
const MAINTENANCE_STOPS_MS = 5 * 60_000

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
  /** Its name, or what maintenance does: `check`, `prune`. */
  readonly job: string
}

/** A run at its beginning, for the work that is done in it. */
interface BegunRun {
  readonly id: RunId
  readonly journal: RunJournal
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

  /** What a schedule has to know of a job, or of a task of maintenance. */
  marks(job: string): JobMarks {
    const { firstSeen, lastStarted } = this.state.schedules.see(job)
    const marks = {
      firstSeen: new Date(firstSeen),
      ...(lastStarted !== undefined && { lastStarted: new Date(lastStarted) }),
    }
    const task = this.stack.maintenance.find(({ name }) => name === job)
    if (task === undefined || lastStarted === undefined) return marks
    return { ...marks, retryAt: retryOf(task, this.state.runs, { firstSeen: marks.firstSeen, now: new Date() }) }
  }

  /**
   * Runs a job to its end, with what containers bring at its beginning; how it went is in the report.
   *
   * @throws {OverlapError} another run is at work on the same source, and is not waited for any longer
   */
  async run(job: Job, request: RunRequest): Promise<EndedRun> {
    const { trigger, acceptShrinkage = false, signal = this.#context.signal } = request
    const { name, stack } = this.stack
    const begun = this.state.runs.begin({ stack: name, job: job.name, trigger, program: programVersion() })
    const discovered = await this.#prepare(begun.id, job, { waitMs: request.waitMs ?? 0, signal })
    const whole = jobIn(discovered, job)
    this.#context.out.note(`job ${job.name}, run ${begun.id}`)
    const findings = discovered.findings.filter(({ jobs }) => jobs.includes(job.name))
    // Where there is worse, all of them are told when the run has ended.
    if (findings.every(({ severity }) => severity === 'warning')) printFindings(findings, this.#context.out)
    rememberLabelled(discovered, this.state)
    for (const { source } of discovered.labelled) {
      for (const secret of await secretsOfSource(source, stack.folder, this.#context.env))
        this.state.redactor.add(secret)
    }
    return await this.#carryOut(begun, ({ id, journal }) =>
      runJob(whole, {
        stack: name,
        runId: id,
        stackFiles: stack.files,
        folder: stack.folder,
        own: this.stack.own,
        repositories: repositoriesOfStack(this.#globals, { ...this.#context, signal }, job.limits),
        sources: discovered.sources,
        ...(discovered.discover && { discovered: findings }),
        folders: this.#folders.forRun(id),
        journal,
        program: programVersion(),
        env: this.#context.env,
        now: () => new Date(),
        signal,
        acceptShrinkage,
      }),
    )
  }

  /** Checks or prunes the repositories in which that is due; how it went is in the report. */
  async maintain(task: ScheduledTask, request: Pick<RunRequest, 'trigger' | 'signal'>): Promise<EndedRun> {
    const { trigger, signal = this.#context.signal } = request
    const { firstSeen } = this.marks(task.name)
    const begun = this.state.runs.begin({ stack: this.stack.name, job: task.name, trigger, program: programVersion() })
    this.#context.out.note(`${task.name}, run ${begun.id}`)
    return await this.#carryOut(begun, ({ journal }) =>
      runMaintenance(task, {
        firstSeen,
        journal,
        stack: this.stack,
        runs: this.state.runs,
        globals: this.#globals,
        context: { ...this.#context, signal },
      }),
    )
  }

  async #carryOut(
    { id, job, startedAt }: Pick<RunRecord, 'id' | 'job' | 'startedAt'>,
    work: (run: BegunRun) => Promise<RunReport>,
  ): Promise<EndedRun> {
    const { runs, logs, redactor } = this.state
    // Whoever began it: what was due before is done.
    this.state.schedules.start(job, Date.parse(startedAt))
    const alerting = new Alerting(this.stack, this.state, this.#context)
    await alerting.started(job, id)
    for (const secret of await knownSecrets(this.stack.stack, this.#context.env)) redactor.add(secret)
    const log = logs.open(id)
    const report = await work({ id, journal: journalOf(id, this.state, log) })
    log[Symbol.dispose]()
    runs.end(id, report.outcome)
    if (log.problem !== undefined) this.#context.out.warn(`the log of this run is not whole: ${log.problem}`)
    await this.#folders.removeScratch(id)
    await this.state.prune(HISTORY_DAYS)
    const ended = { ...report, id, job }
    await alerting.ended(ended)
    return ended
  }

  /**
   * One run at a time for a source in a repository; which of two that begin at once goes first is told by their ids.
   *
   * @returns what containers bring when the run may begin
   */
  async #prepare(id: RunId, job: Job, wait: { waitMs: number; signal: AbortSignal }): Promise<DiscoveredStack> {
    const discover = () => discoverSources(this.stack, { env: this.#context.env, signal: wait.signal })
    try {
      const discovered = await discover()
      const { hasWaited } = await this.#untilFree(id, job, discovered, wait)
      return hasWaited ? await discover() : discovered
    } catch (error) {
      this.state.runs.end(id, 'cancelled')
      throw error
    }
  }

  async #untilFree(
    id: RunId,
    job: Job,
    discovered: DiscoveredStack,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<{ readonly hasWaited: boolean }> {
    const begunAt = performance.now()
    const until = begunAt + waitMs
    let isTold = false
    for (;;) {
      const running = this.state.runs.list({ outcomes: ['running'] })
      const rival = findRival({ id, job: jobIn(discovered, job) }, running, discovered.jobs)
      if (!rival) {
        const maintenance = findMaintenance(running)
        if (!maintenance || performance.now() >= begunAt + MAINTENANCE_STOPS_MS) return { hasWaited: isTold }
        if (!isTold) this.#context.out.note(`${maintenance.job} gives way to the job ${job.name}`)
        isTold = true
        await pause(LOOK_MS, undefined, { signal })
        continue
      }
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

/** The job with the sources that containers bring to it. */
function jobIn({ jobs }: DiscoveredStack, job: Job): Job {
  return jobs.find(({ name }) => name === job.name) ?? job
}
