import type { SnapshotId } from '../../ids.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'

export interface CopyOptions {
  /** `compress` (the default) also compresses what the source stores uncompressed, where the destination can (§7). */
  readonly compression?: 'keep' | 'compress'
  readonly packSizeBytes?: number
  readonly signal?: AbortSignal
  /** Of the lock on the destination: awaited before each snapshot is stored, which is not when this throws. */
  readonly confirmLock?: () => Promise<void>
  readonly onProgress?: (progress: CopyProgress) => void
  /** Told of each snapshot as soon as its outcome is certain. */
  readonly onSnapshot?: (outcome: SnapshotCopy) => void
}

export interface CopyProgress {
  /** Snapshots whose outcome is certain. */
  readonly snapshotsDone: number
  readonly snapshotsTotal: number
  /** Directories looked at. */
  readonly trees: number
  readonly blobsDone: number
  /** Found so far to be missing in the destination. */
  readonly blobsWanted: number
  /** Stored bytes, as they lie in the source. */
  readonly bytesDone: number
  readonly bytesWanted: number
  readonly secondsElapsed: number
}

/** What became of one snapshot of the source. */
export type SnapshotCopy =
  | { readonly kind: 'copied'; readonly snapshot: StoredSnapshot; readonly copy: StoredSnapshot }
  /** The destination had it before. */
  | { readonly kind: 'present'; readonly snapshot: StoredSnapshot; readonly copy: StoredSnapshot }
  /** Part of it cannot be read in the source; it was not copied. */
  | {
      readonly kind: 'damaged'
      readonly snapshot: StoredSnapshot
      /** The first file or directory concerned: an absolute byte string. */
      readonly path: string
      readonly reason: string
    }

export interface CopyReport {
  /** One for each snapshot that was to be copied, in the order they were given. */
  readonly snapshots: readonly SnapshotCopy[]
  /** Snapshots of the destination that could not be read: a copy of one of these is not recognised. */
  readonly unreadable: readonly SnapshotId[]
  readonly blobs: number
  /** Bytes read from the packs of the source, and stored in packs of the destination. */
  readonly bytesRead: number
  readonly bytesStored: number
}
