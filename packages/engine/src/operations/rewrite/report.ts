import type { PatternSet } from '../../filter/pattern-set.ts'
import type { SnapshotId } from '../../ids.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'

export interface RewriteOptions {
  /** Leave out what these mean, and what lies below. */
  readonly exclude?: PatternSet | undefined
  /** Keep only what these mean, what lies below, and the directories above. Not together with `exclude`. */
  readonly include?: PatternSet | undefined
  readonly newHost?: string | undefined
  /** Nanoseconds since the epoch; stored in the local zone. */
  readonly newTime?: bigint | undefined
  /** `create` adds the number and size of the files to snapshots whose summary lacks them; `keep` only corrects it. */
  readonly summary?: 'keep' | 'create'
  /** What happens to a snapshot once the new one is stored. */
  readonly originals: 'keep' | 'remove'
  /** Find out what would be done, and do nothing. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Of the lock: awaited before each snapshot is stored or removed, which is not when this throws. */
  readonly confirmLock?: () => Promise<void>
  /** Told of each entry that is left out, in the first snapshot in which it is met; what lies below is not named. */
  readonly onExcluded?: (path: string, snapshot: StoredSnapshot) => void
  readonly onProgress?: (progress: RewriteProgress) => void
}

export interface RewriteProgress {
  readonly snapshotsDone: number
  readonly snapshotsTotal: number
  readonly treesRead: number
  readonly secondsElapsed: number
}

export type RewriteOutcome =
  /** Nothing of it was meant. */
  | 'unchanged'
  | 'rewritten'
  /** Nothing would be left in it: it was removed, or left alone when originals are kept. */
  | 'empty'
  /** Left as it is; `error` says why. */
  | 'failed'

export interface RewrittenSnapshot {
  readonly old: StoredSnapshot
  readonly outcome: RewriteOutcome
  /** The new one; one from an earlier run that is just the same is taken for it. Absent in a dry run. */
  readonly replacement?: SnapshotId
  /** Whether the old one was removed; in a dry run, whether it would be. */
  readonly removed: boolean
  readonly error?: Error
}

export interface RewriteReport {
  /** In the order in which they were given. */
  readonly snapshots: readonly RewrittenSnapshot[]
}
