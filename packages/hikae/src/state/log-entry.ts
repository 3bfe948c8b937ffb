import type { JsonValue } from './step-facts.ts'

/** From chatter to trouble. */
export const LOG_LEVELS = ['debug', 'info', 'warning', 'error'] as const

export type LogLevel = (typeof LOG_LEVELS)[number]

/** Something to say about a run. */
export interface LogEntry {
  readonly level: LogLevel
  /** Number of the step. */
  readonly step?: number | undefined
  /** A word for programs: `hook-output`, `retry`. */
  readonly event?: string | undefined
  readonly source?: string | undefined
  readonly repository?: string | undefined
  readonly message: string
  readonly fields?: { readonly [name: string]: JsonValue | undefined } | undefined
}

/** An entry as it stands in a log; `time` is ISO 8601 in UTC. */
export interface LoggedEntry extends LogEntry {
  readonly time: string
}
