/** What is wrong, and what to do about it; already free of secrets. */
export interface Trouble {
  readonly message: string
  readonly hint?: string
}

export type RunOutcome = 'succeeded' | 'incomplete' | 'failed'

/** What became of one source in one repository, or of maintenance there. */
export interface RepositoryResult {
  readonly repository: string
  readonly outcome: RunOutcome
  /** A check has found that what is stored there does not come back whole. */
  readonly isDamaged?: boolean
  readonly troubles: readonly Trouble[]
}

export interface SourceResult {
  readonly source: string
  readonly outcome: RunOutcome
  /** Of reading it; what belongs to one repository stands there. */
  readonly troubles: readonly Trouble[]
  readonly repositories: readonly RepositoryResult[]
  /** Bytes read. */
  readonly sizeBytes?: number
}

/** A run that has ended. Times are epoch milliseconds, here and in all events. */
export interface RunReport {
  readonly job: string
  readonly run: string
  readonly startedAt: number
  readonly endedAt: number
  readonly outcome: RunOutcome
  /** Of the run itself: a hook, a run that was killed. */
  readonly troubles: readonly Trouble[]
  readonly sources: readonly SourceResult[]
  /** Of maintenance, which has no sources: what became of each repository that was tried. */
  readonly repositories?: readonly RepositoryResult[]
}

/** A promise that is measured against the last good snapshot: of a source in a job, or of the whole job. */
export interface Freshness {
  readonly job: string
  readonly source?: string
  /** Null when there never was one. */
  readonly lastGood: number | null
  readonly rpoMs: number
  /** When the promise was broken; null while it is kept. */
  readonly overdueSince: number | null
}

/** What an alert is about: a job or a task of maintenance, or a source or a repository in it. */
export interface Subject {
  readonly job: string
  readonly source?: string
  readonly repository?: string
}

export type BadCondition = 'incomplete' | 'failed' | 'overdue'

/** Something bad that lasts, or lasted until `until`. */
export interface Stretch {
  readonly subject: Subject
  readonly condition: BadCondition
  readonly since: number
  readonly until?: number
  /** It comes and goes so often that each time is not told any more. */
  readonly unstable: boolean
}

export interface DigestSource {
  readonly job: string
  readonly source: string
  readonly lastGood: number | null
  readonly rpoMs?: number
  readonly sizeBytes?: number
}

export interface Digest {
  readonly from: number
  readonly to: number
  readonly runs: Readonly<Record<RunOutcome, number>>
  /** Bytes that were stored in the period. */
  readonly storedBytes?: number
  readonly sources: readonly DigestSource[]
}

interface Origin {
  readonly stack: string
  readonly host: string
  readonly at: number
}

export interface StartEvent extends Origin {
  readonly kind: 'start'
  readonly job: string
  readonly run: string
}

export interface RunEvent extends Origin {
  readonly kind: 'failure' | 'incomplete' | 'success'
  readonly report: RunReport
  /** It comes and goes so often that from now on there are only reminders. */
  readonly unstable?: boolean
}

export interface OverdueEvent extends Origin {
  readonly kind: 'overdue'
  readonly items: readonly Freshness[]
  /** As for runs. */
  readonly unstable?: boolean
}

export interface ReminderEvent extends Origin {
  readonly kind: 'reminder'
  readonly about: readonly Stretch[]
  /** The newest run, when the reminder is about runs. */
  readonly report?: RunReport
  /** What is overdue, when the reminder is about that. */
  readonly items?: readonly Freshness[]
}

export interface RecoveryEvent extends Origin {
  readonly kind: 'recovery'
  readonly recovered: readonly Stretch[]
  readonly report?: RunReport
}

export interface DigestEvent extends Origin {
  readonly kind: 'digest'
  readonly digest: Digest
}

/** Asked for by `hikae alerts test`. */
export interface TestEvent extends Origin {
  readonly kind: 'test'
}

export type AlertEvent = StartEvent | RunEvent | OverdueEvent | ReminderEvent | RecoveryEvent | DigestEvent | TestEvent

/** For the history: somebody was to be told, and was not. */
export interface AlertNotSent {
  readonly kind: 'alert-not-sent'
  /** The name of the channel. */
  readonly channel: string
  /** Where it stands in the stack file: `alerts[1].discord`. */
  readonly place: string
  readonly about: AlertEvent['kind']
  readonly trouble: Trouble
  readonly at: number
}
