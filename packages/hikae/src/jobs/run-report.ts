import type { RunOutcome, SourceResult, StepOutcome, StepRecord } from '../state/run-record.ts'

/** How a run went. */
export interface RunReport {
  readonly outcome: Exclude<RunOutcome, 'interrupted'>
  readonly steps: readonly StepRecord[]
  readonly sources: readonly SourceResult[]
}

const BY_GRAVITY = ['succeeded', 'skipped', 'incomplete', 'failed', 'cancelled', 'interrupted'] as const

/** The worst of them; `succeeded` when there is none. What was skipped makes the whole no better than incomplete. */
export function worstOutcome(outcomes: readonly StepOutcome[]): RunReport['outcome'] {
  const worst = Math.max(0, ...outcomes.map((outcome) => BY_GRAVITY.indexOf(outcome)))
  const outcome = BY_GRAVITY[worst]!
  if (outcome === 'skipped') return 'incomplete'
  return outcome === 'interrupted' ? 'failed' : outcome
}
