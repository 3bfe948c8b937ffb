import { errorMessage, isKnownError } from '../errors.ts'
import type { RunObserver } from './run-context.ts'
import type { StepOutcome, StepReport, StepSubject } from './run-report.ts'

/** What a step has to say when it did not fail. */
export interface StepResult<T> {
  readonly value?: T
  /** Succeeded by default. */
  readonly outcome?: StepOutcome
  readonly message?: string
  readonly hint?: string
  readonly facts?: Readonly<Record<string, unknown>>
}

/** The steps of a run: each is timed, and its trouble becomes its outcome. */
export class Steps {
  readonly #reports: StepReport[] = []
  readonly #observer: RunObserver
  readonly #now: () => Date
  readonly #signal: AbortSignal

  /** @param signal of the run: what a step throws after its abort is no failure of the step */
  constructor(observer: RunObserver, now: () => Date, signal: AbortSignal) {
    this.#observer = observer
    this.#now = now
    this.#signal = signal
  }

  get reports(): readonly StepReport[] {
    return this.#reports
  }

  /** @returns the step's value; undefined when it failed, which its report says */
  async take<T>(subject: StepSubject, work: () => Promise<StepResult<T> | undefined>): Promise<T | undefined> {
    const startedAt = this.#now()
    this.#observer.onStepBegun?.({ ...subject, startedAt })
    const { value, outcome = 'succeeded', ...said } = await this.#outcomeOf(work)
    const report: StepReport = { ...subject, startedAt, endedAt: this.#now(), outcome, ...said }
    this.#reports.push(report)
    this.#observer.onStepEnded?.(report)
    return value
  }

  /** Something that is known to have happened, as a step that took no time. */
  async note(subject: StepSubject, result: StepResult<never>): Promise<void> {
    await this.take(subject, async () => result)
  }

  async #outcomeOf<T>(work: () => Promise<StepResult<T> | undefined>): Promise<StepResult<T>> {
    try {
      return (await work()) ?? {}
    } catch (error) {
      const hint = isKnownError(error) ? error.hint : undefined
      return {
        outcome: this.#signal.aborted ? 'cancelled' : 'failed',
        message: errorMessage(error),
        ...(hint === undefined ? {} : { hint }),
      }
    }
  }
}
