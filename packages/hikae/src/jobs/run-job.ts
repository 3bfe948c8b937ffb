import { errorMessage, InputError } from '../errors.ts'
import { tagsOf } from '../points/read-source.ts'
import type { ReadContext } from '../sources/source-kind.ts'
import type { SourceResult } from '../state/run-record.ts'
import type { Hook } from './hook-schema.ts'
import type { Job, JobSource } from './job.ts'
import type { CatchUp, JobRepository } from './job-repositories.ts'
import { readContext } from './read-context.ts'
import { retain } from './retain.ts'
import type { RunContext } from './run-context.ts'
import { runHooks } from './run-hooks.ts'
import { type RunReport, worstOutcome } from './run-report.ts'
import { runSource } from './run-source.ts'
import { settleSources } from './settle-sources.ts'
import { SourceRun } from './source-run.ts'
import { Steps } from './steps.ts'
import { nameOfJobHold } from './together/job-hold.ts'
import { readTogether } from './together/read-together.ts'
import { verdictOn } from './verdict-on.ts'

/**
 * Runs a job: hooks, every source once into all repositories, a look at what they hold, retention, hooks. A step that
 * fails never keeps another source or repository from its backup, nor anything from being released. Never throws: how it
 * went is in the report, also after the signal's abort.
 */
export async function runJob(job: Job, context: RunContext): Promise<RunReport> {
  return await new JobRun(job, context).execute()
}

class JobRun {
  readonly #job: Job
  readonly #context: RunContext
  readonly #steps: Steps

  constructor(job: Job, context: RunContext) {
    this.#job = job
    this.#context = context
    this.#steps = new Steps(context.journal, context.signal)
  }

  async execute(): Promise<RunReport> {
    const { hooks } = this.#job
    await this.#tellDiscovered()
    await this.#settle()
    const isBegun = await this.#runHooks('before', hooks.before)
    const sources = isBegun ? await this.#backUp() : this.#job.sources.map((source) => this.#notBegun(source))
    await this.#retain(sources)
    const outcome = this.#outcomeOf(sources)
    const when = outcome === 'succeeded' ? 'success' : 'failure'
    await this.#runHooks(when, hooks[when], outcome)
    await this.#runHooks('after', hooks.after, outcome)
    return { outcome: this.#outcomeOf(sources), steps: this.#steps.records, sources }
  }

  #outcomeOf(sources: readonly SourceResult[]): RunReport['outcome'] {
    if (this.#context.signal.aborted) return 'cancelled'
    const outcomes = sources.map(({ outcome }) => outcome)
    if (outcomes.every((outcome) => outcome === 'failed')) return 'failed'
    // One of several sources that failed leaves the run incomplete: the others are saved.
    const ofSources = worstOutcome(outcomes.map((outcome) => (outcome === 'failed' ? 'incomplete' : outcome)))
    const ofSteps = this.#steps.records.some(({ outcome }) => outcome !== 'succeeded') ? 'incomplete' : 'succeeded'
    return worstOutcome([ofSources, ofSteps])
  }

  /** A step also where all is well: it says that containers were looked at. */
  async #tellDiscovered(): Promise<void> {
    const { discovered } = this.#context
    if (!discovered) return
    await this.#steps.take({ kind: 'discover' }, async () => verdictOn(discovered))
  }

  /** A step only where there was something to put in order. */
  async #settle(): Promise<void> {
    await using scratch = new AsyncDisposableStack()
    const { sources = [], signal, folders } = this.#context
    const all = [...sources, ...this.#job.sources.filter(({ name }) => !sources.some((other) => other.name === name))]
    const contextOf = (source: Pick<JobSource, 'name'>): ReadContext =>
      readContext(source, this.#context, signal, scratch)
    const remembered = await folders.remembered()
    for (const { source, findings } of await settleSources(all, { contextOf, remembered })) {
      await this.#steps.take({ kind: 'release', source }, async () => verdictOn(findings))
    }
  }

  async #backUp(): Promise<SourceResult[]> {
    await using owned = new AsyncDisposableStack()
    const signal = owned.use(new TimeLimit(this.#context.signal, this.#job)).signal
    const repositories = await this.#open(owned, signal)
    const tags = ['hikae', `stack=${this.#context.stack}`, `job=${this.#job.name}`]
    const catchUp = repositories.length > 1 ? await this.#prepareCatchUp(repositories, tags) : undefined
    const outcomes: SourceResult[] = []
    for await (const result of this.#read(repositories, signal)) {
      this.#context.journal.addSource(result)
      outcomes.push(result)
    }
    if (catchUp && !signal.aborted) await this.#catchUp(catchUp, outcomes)
    return outcomes
  }

  async *#read(
    repositories: readonly JobRepository[],
    signal: AbortSignal,
  ): AsyncGenerator<SourceResult, void, undefined> {
    const { sources, together: hold, name } = this.#job
    const common = { job: this.#job, repositories, context: this.#context, steps: this.#steps, signal }
    if (!hold) {
      for (const source of sources) yield await runSource({ ...common, source })
      return
    }
    await using owned = new AsyncDisposableStack()
    const heldWith = await this.#context.folders.state(nameOfJobHold(name))
    const runs = sources.map((source) => owned.use(new SourceRun({ ...common, source, heldWith })))
    yield* readTogether(runs, { ...common, job: name, hold })
  }

  async #prepareCatchUp(repositories: readonly JobRepository[], tags: readonly string[]): Promise<CatchUp | undefined> {
    try {
      return await this.#context.repositories.prepareCatchUp(repositories, tags)
    } catch (error) {
      this.#context.journal.log({ level: 'warning', event: 'catch-up', message: errorMessage(error) })
      return undefined
    }
  }

  /** Of those that this run has stored something in: the others are in trouble. */
  async #catchUp(catchUp: CatchUp, outcomes: readonly SourceResult[]): Promise<void> {
    const sound = this.#job.repositories.filter((name) => outcomes.some(({ snapshots }) => name in snapshots))
    if (sound.length < 2) return
    await this.#steps.take({ kind: 'catch-up' }, async () => {
      if (await catchUp.bringLevel(sound)) return {}
      return {
        outcome: 'incomplete',
        message: 'not every repository could be brought level with the others',
        hint: 'see above, and run `hikae copy --catch-up` when that is put right',
      }
    })
  }

  #notBegun({ name, kind }: JobSource): SourceResult {
    return {
      ...{ source: name, kind: kind.name, outcome: 'failed', startedAt: this.#context.now().toISOString(), seconds: 0 },
      ...{ bytes: 0, files: 0, isEmpty: false, addedBytes: 0, storedBytes: 0, snapshots: {}, findings: [] },
    }
  }

  async #open(owned: AsyncDisposableStack, signal: AbortSignal): Promise<JobRepository[]> {
    const opened = await Promise.all(
      this.#job.repositories.map((name) =>
        this.#steps.take({ kind: 'open', repository: name }, async () => ({
          value: owned.use(await this.#context.repositories.open(name, 'shared', signal)),
        })),
      ),
    )
    return opened.filter((repository) => repository !== undefined)
  }

  /** Only where a source has just been saved whole: time alone never removes anything. */
  async #retain(sources: readonly SourceResult[]): Promise<void> {
    const { keep, repositories } = this.#job
    if (keep === 'forever' || this.#context.signal.aborted) return
    for (const name of repositories) {
      const saved = sources.filter(({ outcome, snapshots }) => outcome === 'succeeded' && name in snapshots)
      if (saved.length === 0) continue
      await this.#steps.take({ kind: 'retention', repository: name }, async () => {
        await using repository = await this.#context.repositories.open(name, 'exclusive', this.#context.signal)
        let [removed, kept] = [0, 0]
        for (const { source, kind } of saved) {
          const tags = tagsOf({ stack: this.#context.stack, job: this.#job.name, source, kind })
          const counts = await retain(repository, { tags, policy: keep, now: this.#context.now() })
          removed += counts.removed
          kept += counts.kept
        }
        return { facts: { removed, kept } }
      })
    }
  }

  /** @returns whether all of them succeeded */
  async #runHooks(when: string, hooks: readonly Hook[], outcome?: RunReport['outcome']): Promise<boolean> {
    if (hooks.length === 0) return true
    const { folder, env, journal, signal, runId } = this.#context
    const done = await this.#steps.take({ kind: 'hook' }, async () => {
      await runHooks(hooks, {
        folder,
        env,
        // What is to happen at the end happens also to a run that was stopped; each hook has its own time limit.
        signal: when === 'before' ? signal : new AbortController().signal,
        variables: {
          HIKAE_JOB: this.#job.name,
          HIKAE_RUN: runId,
          HIKAE_HOOK: when,
          ...(outcome === undefined ? {} : { HIKAE_OUTCOME: outcome }),
        },
        log: (message) => journal.log({ level: 'info', event: 'hook-output', message }),
      })
      return { value: true, message: `${hooks.length} ${when}` }
    })
    return done ?? false
  }
}

/** Aborts when the run is to stop, and when it has lasted too long. */
class TimeLimit implements AsyncDisposable {
  readonly signal: AbortSignal
  readonly #timer: NodeJS.Timeout | undefined

  constructor(outer: AbortSignal, { name, limits: { timeoutMs } }: Job) {
    this.signal = outer
    if (timeoutMs === undefined) return
    const late = new AbortController()
    const error = new InputError(`the job ${name} took longer than ${Math.round(timeoutMs / 1000)} s and was stopped`, {
      hint: 'see in its log what took so long, or allow it more with limits.timeout',
    })
    this.#timer = setTimeout(() => late.abort(error), timeoutMs)
    this.signal = AbortSignal.any([outer, late.signal])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer)
  }
}
