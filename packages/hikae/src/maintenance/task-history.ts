import type { StepKind, StepRecord } from '../state/run-record.ts'
import type { MaintenanceTask } from './task.ts'

/** Where the steps of maintenance are remembered. */
export interface RememberedSteps {
  steps(job: string, kind: StepKind, repository: string, limit: number): readonly StepRecord[]
}

/** What is remembered of one task in one repository. */
export interface TaskHistory {
  /** The newest attempt, however it ended. */
  readonly lastTried?: StepRecord
  /** The newest attempt that came to its end, whatever it found. */
  readonly lastDone?: StepRecord
  /** Attempts since then. */
  readonly failures: number
}

/** More than two years of attempts once a day. */
const MOST_LOOKED_AT = 1000

export function taskHistory(remembered: RememberedSteps, task: MaintenanceTask, repository: string): TaskHistory {
  const steps = remembered.steps(task, task, repository, MOST_LOOKED_AT)
  const done = steps.findIndex(isDone)
  const [lastTried, lastDone] = [steps[0], steps[done]]
  return {
    ...(lastTried && { lastTried }),
    ...(lastDone && { lastDone }),
    failures: done === -1 ? steps.length : done,
  }
}

/** Whether a step has done what it was for: a check that finds damage has. */
export function isDone(step: StepRecord): boolean {
  return step.outcome === 'succeeded' || step.outcome === 'incomplete' || foundDamage(step)
}

/** Whether a step is a check that has found damage. */
export function foundDamage({ kind, facts }: StepRecord): boolean {
  return kind === 'check' && typeof facts?.['errors'] === 'number' && facts['errors'] > 0
}

/**
 * The damage that the newest check has found and that nothing has shown to be repaired: neither a later check, which reads
 * the same part again, nor a check of all data that a person has made.
 *
 * @param allReadAt when a check of all data last found no error: ISO 8601
 */
export function standingDamage({ lastDone }: TaskHistory, allReadAt: string | undefined): StepRecord | undefined {
  if (lastDone === undefined || !foundDamage(lastDone)) return undefined
  return allReadAt !== undefined && allReadAt > lastDone.startedAt ? undefined : lastDone
}
