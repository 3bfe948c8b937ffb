import type { KeepPolicy } from '@hikae/engine'
import type { SourceKind } from '../sources/source-kind.ts'
import type { Hooks } from './hook-schema.ts'
import type { Expectations } from './judge-reading.ts'
import type { HoldConfig } from './together/hold-schema.ts'

/** A job as a run needs it: names of the stack file are resolved. */
export interface Job {
  readonly name: string
  readonly sources: readonly JobSource[]
  /** Names of repositories. */
  readonly repositories: readonly string[]
  readonly keep: KeepPolicy | 'forever'
  readonly hooks: Hooks
  /** Its sources are saved of one moment: what holds still for that. */
  readonly together?: HoldConfig
  readonly limits: JobLimits
  readonly objectives: Objectives
}

/** One of the sources of a job. */
export interface JobSource {
  readonly name: string
  readonly kind: SourceKind
  /** What the kind's schema made of the stack file. */
  readonly config: unknown
  /** Of one that a container brings: the configuration as a stack file would have it. A snapshot keeps it. */
  readonly written?: Readonly<Record<string, unknown>>
  readonly expectations: Expectations
}

export interface JobLimits {
  /** A run that lasts longer is stopped, and has failed. */
  readonly timeoutMs?: number
  /** For each repository; what the stack file says of the repository itself may be less. */
  readonly uploadBytesPerSecond?: number
  readonly downloadBytesPerSecond?: number
}

/** What is promised. */
export interface Objectives {
  /** How old the last good point may be, at most. */
  readonly rpoMs?: number
  /** How long it may take to be back. */
  readonly rtoMs?: number
}
