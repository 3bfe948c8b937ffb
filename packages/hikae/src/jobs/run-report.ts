import type { Outcome, SnapshotId } from '@hikae/engine'
import type { Finding } from '../sources/finding.ts'

/** How a run, a source or a step ended. `skipped`: not begun, because of what had failed before it. */
export type RunOutcome = Outcome | 'cancelled'
export type StepOutcome = RunOutcome | 'skipped'

/** What a step is for; see DESIGN.md section 6. */
export type StepKind = 'hook' | 'open' | 'preflight' | 'read' | 'store' | 'verify' | 'retention' | 'catch-up'

/** What a step is about. */
export interface StepSubject {
  readonly kind: StepKind
  readonly source?: string
  readonly repository?: string
}

export interface StepReport extends StepSubject {
  readonly startedAt: Date
  readonly endedAt: Date
  readonly outcome: StepOutcome
  /** Why it did not succeed, or something worth knowing. */
  readonly message?: string
  /** The next step for a person. */
  readonly hint?: string
  /** Figures: bytes, files, the snapshot's id. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** How one source fared in a run. */
export interface SourceOutcome {
  readonly source: string
  readonly kind: string
  readonly outcome: RunOutcome
  /** What the source holds; absent when it could not be read. */
  readonly files?: number
  readonly bytes?: number
  /** Stored anew, in the repository that needed most. */
  readonly bytesAdded?: number
  readonly seconds: number
  /** By repository; absent where it failed. */
  readonly snapshots: Readonly<Record<string, SnapshotId>>
  readonly findings: readonly Finding[]
}

export interface RunReport {
  readonly outcome: RunOutcome
  readonly steps: readonly StepReport[]
  readonly sources: readonly SourceOutcome[]
}

const BY_GRAVITY: readonly StepOutcome[] = ['succeeded', 'skipped', 'incomplete', 'failed', 'cancelled']

/** The worst of them; `succeeded` when there is none. A step that was skipped makes a run no better than incomplete. */
export function worstOutcome(outcomes: readonly StepOutcome[]): RunOutcome {
  const worst = Math.max(0, ...outcomes.map((outcome) => BY_GRAVITY.indexOf(outcome)))
  const outcome = BY_GRAVITY[worst]!
  return outcome === 'skipped' ? 'incomplete' : outcome
}
