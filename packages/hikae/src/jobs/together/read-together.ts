import type { Finding } from '../../sources/finding.ts'
import type { OpenSource } from '../../sources/source-kind.ts'
import type { SourceResult } from '../../state/run-record.ts'
import { readContext } from '../read-context.ts'
import type { RunContext } from '../run-context.ts'
import type { ReadMoment, SourceRun } from '../source-run.ts'
import type { Steps } from '../steps.ts'
import { verdictOn } from '../verdict-on.ts'
import type { HoldConfig } from './hold-schema.ts'
import { holdJob, type JobHold, nameOfJobHold } from './job-hold.ts'
import { withFinish } from './with-finish.ts'

export interface TogetherOptions {
  readonly job: string
  readonly hold: HoldConfig
  readonly context: RunContext
  readonly steps: Steps
  readonly signal: AbortSignal
}

/** A source that is open while everything holds still. */
interface Opened {
  readonly run: SourceRun
  readonly source: OpenSource
}

/**
 * Reads sources of one moment: everything that writes to them is held still, all are opened, those are read that change as soon
 * as it goes on, it goes on, and the others are read. One that fails keeps neither the others from being saved nor
 * anything from going on.
 */
export async function* readTogether(
  runs: readonly SourceRun[],
  options: TogetherOptions,
): AsyncGenerator<SourceResult, void, undefined> {
  const ready: SourceRun[] = []
  for (const run of runs) {
    if (await run.isReady()) ready.push(run)
    else yield run.failed()
  }
  if (ready.length > 0) yield* new TogetherRun(options).read(ready)
}

class TogetherRun {
  readonly #options: TogetherOptions
  #hold: JobHold | undefined
  #released: Promise<readonly Finding[]> | undefined
  /** That all is of one moment cannot be any more, which is said of every source. */
  #isBroken = false
  /** Opened, and not given to anybody yet who disposes of it. */
  readonly #waiting = new Set<OpenSource>()

  constructor(options: TogetherOptions) {
    this.#options = options
  }

  async *read(runs: readonly SourceRun[]): AsyncGenerator<SourceResult, void, undefined> {
    const { context, signal } = this.#options
    this.#hold = await this.#begin()
    try {
      const from = context.now()
      const opened: Opened[] = []
      for (const run of runs) {
        const source = signal.aborted ? undefined : await this.#open(run)
        if (source) opened.push({ run, source })
        else yield run.failed()
      }
      const moment = await this.#moment(from)
      const [first, later] = [opened.filter((one) => !isFixed(one)), opened.filter(isFixed)]
      for (const [at, { run, source }] of first.entries()) {
        yield await run.read(
          async () => this.#watched(source, at === first.length - 1 ? 'last' : 'one of several'),
          moment,
        )
      }
      await this.#release()
      for (const { run, source } of later) yield await run.read(async () => this.#handOver(source), moment)
    } finally {
      await this.#release()
      for (const source of this.#waiting) await source[Symbol.asyncDispose]()
    }
  }

  /** @returns undefined when not everything could be held still: the sources are saved all the same, each by itself */
  async #begin(): Promise<JobHold | undefined> {
    const { job, hold, context, steps, signal } = this.#options
    return await steps.take({ kind: 'hold' }, async () => {
      await using scratch = new AsyncDisposableStack()
      return { value: await holdJob(hold, readContext({ name: nameOfJobHold(job) }, context, signal, scratch)) }
    })
  }

  async #open(run: SourceRun): Promise<OpenSource | undefined> {
    const source = await this.#options.steps.take({ kind: 'open', source: run.name }, async () => ({
      value: await run.open(),
    }))
    if (source) this.#waiting.add(source)
    return source
  }

  /** What all sources have in common that are open now. */
  async #moment(from: Date): Promise<ReadMoment> {
    const { runId, now } = this.#options.context
    if (!this.#hold) return { findings: [NOT_HELD] }
    const findings = await this.#hold.disturbances()
    this.#isBroken = findings.length > 0
    const consistent = { together: runId, from: from.toISOString(), to: now().toISOString() }
    return { time: from, findings, ...(findings.length === 0 ? { consistent } : {}) }
  }

  /** The last that needs it lets everything go on as soon as it is read, however long it takes to store it. */
  #watched(source: OpenSource, place: 'last' | 'one of several'): OpenSource {
    const ask = async (): Promise<readonly Finding[]> => {
      const findings = place === 'last' ? await this.#release() : await this.#hold?.disturbances()
      return this.#isBroken ? [] : (findings ?? [])
    }
    return withFinish(this.#handOver(source), ask)
  }

  #handOver(source: OpenSource): OpenSource {
    this.#waiting.delete(source)
    return source
  }

  /** @returns what makes that less which was read while all was held */
  async #release(): Promise<readonly Finding[]> {
    this.#released ??= this.#letGoOn()
    return await this.#released
  }

  async #letGoOn(): Promise<readonly Finding[]> {
    const hold = this.#hold
    if (!hold) return []
    const findings = await this.#options.steps.take({ kind: 'release' }, async () => {
      await using _hold = hold
      const { seconds, findings: found } = await hold.release()
      return { value: found, ...verdictOn(found), facts: { downtimeSeconds: seconds } }
    })
    return findings ?? [NOT_KNOWN]
  }
}

function isFixed({ source }: Opened): boolean {
  return source.isOfOneMoment === true
}

const NOT_HELD: Finding = {
  severity: 'error',
  message: 'what writes to it was not held still: it may not be of the same moment as the other sources of the job',
  hint: 'see in the step `hold` why, put that right, and run the job again',
}

const NOT_KNOWN: Finding = {
  severity: 'error',
  message: 'what was held still could not be let go on: whether it held still is not known',
  hint: 'see in the step `release` why, and let it go on by hand',
}
