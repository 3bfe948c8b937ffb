import type { LogEntry } from '../state/log-entry.ts'
import type { SourceResult, StepEnd, StepRecord, StepStart } from '../state/run-record.ts'

/** Where a run writes down what it does, while it does it. */
export interface RunJournal {
  beginStep(start: StepStart): StepRecord
  /** @returns the step with its end */
  endStep(step: StepRecord, end: StepEnd): StepRecord
  addSource(result: SourceResult): void
  log(entry: LogEntry): void
}
