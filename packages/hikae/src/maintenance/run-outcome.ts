import type { RunReport } from '../jobs/run-report.ts'
import type { StepRecord } from '../state/run-record.ts'
import { foundDamage } from './task-history.ts'

/** Whether a run of maintenance gave way in every repository: it comes back by itself. */
export function isPutOff(steps: readonly StepRecord[]): boolean {
  return steps.length > 0 && steps.every(({ outcome }) => outcome === 'skipped')
}

/**
 * How a run of maintenance went, by its steps. Damage makes it fail, in however many repositories it was found. What was put
 * off is no trouble, and nothing that was done either: a run of nothing else counts as stopped.
 */
export function runOutcome(steps: readonly StepRecord[], isStopped: boolean): RunReport['outcome'] {
  if (isStopped) return 'cancelled'
  if (steps.some(foundDamage)) return 'failed'
  const tried = steps.filter(({ outcome }) => outcome !== 'skipped')
  if (tried.length === 0) return 'cancelled'
  if (tried.every(({ outcome }) => outcome === 'succeeded')) return 'succeeded'
  return tried.every(({ outcome }) => outcome === 'failed') ? 'failed' : 'incomplete'
}
