import type { StepFacts } from './step-facts.ts'

declare const brand: unique symbol

/** `20261121T201500Z-4f2a`: when the run began, in UTC, and four digits of chance. Sorts by time. */
export type RunId = string & { readonly [brand]: 'run' }

/** `catch-up`: scheduled for a time at which nobody was there to do it. */
export type RunTrigger = 'schedule' | 'catch-up' | 'manual' | 'change'

/** From good to bad. */
export const RUN_OUTCOMES = ['succeeded', 'incomplete', 'cancelled', 'interrupted', 'failed'] as const

/**
 * `cancelled`: a person or the system asked it to stop, and it did. `interrupted`: its process was gone before it was over
 * (killed, power lost), which is found out later.
 */
export type RunOutcome = (typeof RUN_OUTCOMES)[number]

/** One execution of a job, as it is remembered. All times are ISO 8601 in UTC with milliseconds. */
export interface RunRecord {
  readonly id: RunId
  readonly stack: string
  readonly job: string
  readonly trigger: RunTrigger
  readonly startedAt: string
  /** Absent while it runs, and when it was interrupted: nobody saw its end. */
  readonly endedAt?: string
  /** Absent while it runs, and until somebody notes that it was interrupted. */
  readonly outcome?: RunOutcome
  readonly host: string
  readonly pid: number
  /** Version of Hikae: `0.1.0`. */
  readonly program: string
  /** By number. */
  readonly steps: readonly StepRecord[]
  /** In the order in which they were done. */
  readonly sources: readonly SourceResult[]
}

export type StepKind =
  | 'discover'
  | 'preflight'
  | 'hook'
  | 'hold'
  | 'open'
  | 'read'
  | 'release'
  | 'verify'
  | 'retention'
  | 'catch-up'
  | 'notify'
  | 'check'
  | 'prune'

/** `skipped`: there was a reason not to begin it, which `message` tells. */
export type StepOutcome = RunOutcome | 'skipped'

export interface StepRecord {
  /** From 1, in the order in which they began. */
  readonly number: number
  readonly kind: StepKind
  readonly source?: string
  readonly repository?: string
  readonly startedAt: string
  /** Absent while it lasts, and when it was interrupted. */
  readonly endedAt?: string
  readonly outcome?: StepOutcome
  readonly message?: string
  /** What to do about it. */
  readonly hint?: string
  readonly facts?: StepFacts
}

/** What a run did for one source: what later runs are compared with. */
export interface SourceResult {
  readonly source: string
  /** `files`, `postgres`, … */
  readonly kind: string
  /** Of reading it: `succeeded` when every byte of it was read. What a repository did not store is not in `snapshots`. */
  readonly outcome: Exclude<RunOutcome, 'interrupted'>
  /** When it was opened: what was saved is of this moment. */
  readonly startedAt: string
  readonly seconds: number
  /** All of it, also what was known from before. */
  readonly bytes: number
  readonly files: number
  readonly isEmpty: boolean
  /** What was new to the repositories, all together, before compression. */
  readonly addedBytes: number
  /** The same as it is stored. */
  readonly storedBytes: number
  /** Ids of the snapshots that are there and were verified, by name of the repository. */
  readonly snapshots: Readonly<Record<string, string>>
  readonly findings: readonly RunFinding[]
}

/** What a person should know about a source. */
export interface RunFinding {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly hint?: string
}

/** A run at its beginning. */
export type RunStart = Pick<RunRecord, 'stack' | 'job' | 'trigger' | 'program'>

/** A step at its beginning. */
export type StepStart = Pick<StepRecord, 'kind' | 'source' | 'repository'>

/** A step at its end. */
export type StepEnd = Required<Pick<StepRecord, 'outcome'>> & Pick<StepRecord, 'message' | 'hint' | 'facts'>
