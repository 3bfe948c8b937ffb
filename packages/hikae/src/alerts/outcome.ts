import type { RunOutcome } from './event.ts'

const RANK: Readonly<Record<RunOutcome, number>> = { succeeded: 0, incomplete: 1, failed: 2 }

/** The worst of them; `succeeded` when there are none. */
export function worstOutcome(outcomes: readonly RunOutcome[]): RunOutcome {
  return outcomes.reduce((worst, outcome) => (RANK[outcome] > RANK[worst] ? outcome : worst), 'succeeded')
}
