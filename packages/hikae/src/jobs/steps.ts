import { errorMessage, isKnownError } from '../errors.ts'
import type { StepEnd, StepRecord, StepStart } from '../state/run-record.ts'
import type { RunJournal } from './run-journal.ts'

/** What a step has to say when it did not throw. */
export interface StepResult<T> extends Partial<StepEnd> {
  readonly value?: T
}

/** The steps of a run: each is written down, and its trouble becomes its outcome. */
export class Steps {
  readonly #records: StepRecord[] = []
  readonly #journal: RunJournal
  readonly #signal: AbortSignal

  /** @param signal of the run: what a step throws after its abort is no failure of the step */
  constructor(journal: RunJournal, signal: AbortSignal) {
    this.#journal = journal
    this.#signal = signal
  }

  get records(): readonly StepRecord[] {
    return this.#records
  }

  /** @returns the step's value; undefined when it failed, which its record says */
  async take<T>(start: StepStart, work: () => Promise<StepResult<T> | undefined>): Promise<T | undefined> {
    const begun = this.#journal.beginStep(start)
    const { value, ...end } = await this.#endOf(work)
    this.#records.push(this.#journal.endStep(begun, { outcome: 'succeeded', ...end }))
    return value
  }

  async #endOf<T>(work: () => Promise<StepResult<T> | undefined>): Promise<StepResult<T>> {
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
