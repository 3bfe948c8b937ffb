import type { ChunkProfileName } from '../../entry.ts'
import type { SnapshotId, TreeId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import type { GroupingKey } from '../../snapshot/select.ts'
import type { SnapshotSummary, StoredSnapshot } from '../../snapshot/snapshot.ts'

/** zstd levels by the names that restic gives them: 0 (none), 1, 2, 7 and 12; see docs/decisions/0005-compression-levels.md. */
export type CompressionMode = 'auto' | 'off' | 'fastest' | 'better' | 'max'

/** One repository of a run, open, locked and with its index loaded. */
export interface BackupTarget {
  readonly repository: Repository
  /** Snapshot to compare with: an id, a prefix or `latest`; the newest of the same group by default. */
  readonly parent?: string
  /** Those of the repository, when they were read already: they are not read once more to find the parent. */
  readonly snapshots?: readonly StoredSnapshot[]
  /** Of the lock that is held: when it aborts, this repository's part has failed. */
  readonly signal?: AbortSignal
  /** Of the lock: awaited right before the snapshot is stored, which is not when this throws. */
  readonly confirmLock?: () => Promise<void>
}

export interface BackupOptions {
  readonly hostname: string
  readonly username: string
  readonly uid: number
  readonly gid: number
  readonly tags: readonly string[]
  /** Asked for more tags when everything was read, right before the snapshots are made. */
  readonly tagsAtEnd?: (end: BackupEnd) => readonly string[]
  /** Absolute paths of what is backed up, for the snapshot and for finding its parent. */
  readonly paths: readonly string[]
  readonly excludes: readonly string[]
  readonly programVersion: string
  /** Nanoseconds since the epoch; now by default. */
  readonly time?: bigint
  /** How snapshots of the same kind are told from others when looking for a parent; host and paths by default. */
  readonly groupBy?: readonly GroupingKey[]
  /** Read everything, whatever a parent says. */
  readonly force?: boolean
  readonly ignoreInode?: boolean
  readonly ignoreCtime?: boolean
  readonly withAtime?: boolean
  /** Read, chunk and compare, but store nothing. */
  readonly dryRun?: boolean
  /** Make no snapshot when the tree is the parent's. */
  readonly skipIfUnchanged?: boolean
  readonly compression?: CompressionMode
  readonly packSizeBytes?: number
  /** Threads that read and compress; as many as there are processors, at most 8, by default. */
  readonly readConcurrency?: number
  /** How files are cut that do not say it themselves. */
  readonly chunks?: ChunkProfileName
  /** Read each new blob back from its encrypted form before it is stored; true by default. */
  readonly verifyWrites?: boolean
  /** Count files and bytes ahead of the backup, for the remaining time. */
  readonly estimate?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BackupProgress) => void
  readonly onItem?: (item: BackupItem) => void
  readonly onUnreadable?: (item: UnreadableItem) => void
  /** Something of the repository is not as it should be, which does not concern this backup. */
  readonly onWarning?: (message: string) => void
}

/** What is known when everything was read. */
export interface BackupEnd {
  readonly unreadable: readonly UnreadableItem[]
  readonly summary: SnapshotSummary
}

export interface BackupProgress {
  readonly filesDone: number
  readonly bytesDone: number
  /** Absent until something is known of the whole. */
  readonly totalFiles?: number
  readonly totalBytes?: number
  /** Whether the totals were counted, rather than taken from the parent. */
  readonly totalIsFinal: boolean
  /** Printable paths. */
  readonly currentFiles: readonly string[]
  readonly errors: number
  readonly secondsElapsed: number
  readonly secondsRemaining?: number
  readonly bytesPerSecond: number
}

export interface BackupItem {
  readonly action: 'new' | 'changed' | 'unchanged'
  readonly kind: 'file' | 'directory'
  /** Path inside the snapshot, latin1. */
  readonly path: string
  readonly size: number
}

export interface UnreadableItem {
  /** Printable path. */
  readonly path: string
  readonly error: Error
}

export type Outcome = 'succeeded' | 'incomplete' | 'failed'

export interface RepositoryReport {
  readonly repository: Repository
  readonly outcome: Outcome
  /** None when the repository failed, nothing changed and that was asked for, or the run was dry. */
  readonly snapshot?: StoredSnapshot
  readonly parent?: SnapshotId
  readonly error?: Error
  readonly summary: SnapshotSummary
}

export interface BackupReport {
  /** The worst outcome of the repositories. */
  readonly outcome: Outcome
  readonly unreadable: readonly UnreadableItem[]
  readonly repositories: readonly RepositoryReport[]
  /** Absent when everything failed before the tree was complete. */
  readonly tree?: TreeId
  readonly seconds: number
  /** Bytes that were not read because their files had not changed. */
  readonly bytesUnchanged: number
  /** Bytes that were read and were in every repository already. */
  readonly bytesDeduplicated: number
}
