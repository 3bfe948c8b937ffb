import type { CheckMode } from '../config.ts'
import type { DatabaseFacts } from '../facts.ts'

/** What the process that reads databases can be asked to do, and what it answers. */
export interface DatabaseTasks {
  /** Reads the header, not through SQLite: takes no lock and leaves nothing. */
  look: { given: { path: string }; gives: HeaderKind }
  /** Makes a copy of one moment while others write. */
  copy: { given: CopyOrder; gives: { journalMode: string } }
  /** Checks a database that nobody else uses, and finds out what is in it. */
  inspect: { given: { path: string; check: CheckMode }; gives: Inspection }
  /** The first column of the first row; undefined when there is no row. */
  ask: { given: { path: string; sql: string }; gives: string | number | null | undefined }
  /** Locks a database against everybody, with all of it in the main file, until the process ends. */
  hold: { given: { path: string; timeoutMs: number }; gives: HoldResult }
}

export type TaskName = keyof DatabaseTasks

export type HeaderKind = 'database' | 'empty' | 'other'

export interface CopyOrder {
  readonly path: string
  /** Must not exist. */
  readonly copy: string
  readonly busyTimeoutMs: number
}

export type Inspection = Omit<DatabaseFacts, 'path' | 'folder' | 'journalMode'> & { readonly sqliteVersion: string }

export type HoldResult =
  | { readonly kind: 'held' }
  | { readonly kind: 'busy' }
  /** SQLite cannot use it as it is, so nobody else can either. */
  | { readonly kind: 'unusable'; readonly reason: string }

export type Request =
  | { readonly [Name in TaskName]: { readonly kind: Name; readonly given: DatabaseTasks[Name]['given'] } }[TaskName]
  /** Ends the task at hand cleanly. */
  | { readonly kind: 'stop' }

export type Answer =
  | { readonly kind: 'done'; readonly value: DatabaseTasks[TaskName]['gives'] }
  /** `sqliteCode` is SQLite's primary result code; `systemCode` is `ENOENT`. */
  | { readonly kind: 'failed'; readonly message: string; readonly sqliteCode?: number; readonly systemCode?: string }
