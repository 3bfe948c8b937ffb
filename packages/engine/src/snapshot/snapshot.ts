import type { SnapshotId, TreeId } from '../ids.ts'

/** What a backup counted (§9); all numbers are whole, sizes in bytes. */
export interface SnapshotSummary {
  readonly backupStart: string
  readonly backupEnd: string
  readonly filesNew: number
  readonly filesChanged: number
  readonly filesUnmodified: number
  readonly dirsNew: number
  readonly dirsChanged: number
  readonly dirsUnmodified: number
  readonly dataBlobs: number
  readonly treeBlobs: number
  readonly dataAdded: number
  readonly dataAddedPacked: number
  readonly totalFilesProcessed: number
  readonly totalBytesProcessed: number
}

/** A snapshot file (§9). Times are RFC 3339 text with the writer's zone offset. */
export interface Snapshot {
  readonly time: string
  readonly parent?: SnapshotId
  readonly tree: TreeId
  readonly paths: readonly string[]
  readonly hostname?: string
  readonly username?: string
  readonly uid?: number
  readonly gid?: number
  readonly excludes?: readonly string[]
  readonly tags?: readonly string[]
  readonly original?: SnapshotId
  readonly programVersion?: string
  readonly summary?: SnapshotSummary
}

export interface StoredSnapshot extends Snapshot {
  readonly id: SnapshotId
}
