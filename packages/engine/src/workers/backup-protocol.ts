import type { ChunkProfileName, EntryMetadata } from '../entry.ts'
import type { FinishedPack } from '../pack/pack-builder.ts'
import type { RepositorySecrets, StoredCounts, StorerOptions } from '../pack/blob-storer.ts'
import type { ThreadError } from './thread-error.ts'

/** What each backup thread is started with. */
export interface BackupWorkerData {
  readonly polynomial: bigint
  readonly repositories: readonly RepositorySecrets[]
  readonly table: readonly SharedArrayBuffer[]
  readonly storer: StorerOptions
}

/** Bytes that a thread reads and scans at a time; no chunk is longer than half of it. */
export const WINDOW_BYTES = 16 * 1024 * 1024

/** Files in a form that is cheap to send: a message costs by its objects, not by its bytes. */
export interface FileList {
  /** Paths as latin1, with NUL between them. */
  readonly paths: string
  /** What lstat said, {@link FACTS_PER_FILE} each: size, mtime and ctime in nanoseconds, inode. */
  readonly facts: BigUint64Array
  readonly profile: ChunkProfileName
}

/** The thread compares these with the file that it opened. */
export const FACTS_PER_FILE = 4

export type BackupTask =
  /** Whole files, one after the other. */
  | { readonly kind: 'files'; readonly files: FileList }
  /** One window of a large file, the only one listed; the next may begin when its `scanned` event has come. */
  | { readonly kind: 'window'; readonly files: FileList; readonly offset: number }
  /** Chunks that were cut elsewhere. */
  | { readonly kind: 'chunks'; readonly chunks: readonly Uint8Array[] }
  | { readonly kind: 'flush' }

/** Metadata as the open file has it, when it differs from what was expected. */
export type ChangedMetadata = Omit<EntryMetadata, 'size' | 'rdev'>

/** What is to be said of few files. */
export interface ContentRemarks {
  readonly metadata?: ChangedMetadata
  /** The file could not be opened or read, or is no regular file any more. */
  readonly error?: ThreadError
}

/** The outcome for one file, window or list of chunks. */
export interface StoredContent extends ContentRemarks {
  /** Hex ids, one after the other. */
  readonly ids: string
  /** Bytes that were read. */
  readonly size: number
}

/** The outcomes of a task in order, and what the thread stored meanwhile. */
export interface BackupResult {
  /** Hex ids of each, with a comma between the outcomes. */
  readonly ids: string
  readonly sizes: Float64Array
  /** By position. */
  readonly remarks: ReadonlyMap<number, ContentRemarks>
  readonly counts: StoredCounts
}

export type BackupEvent =
  | {
      readonly kind: 'pack'
      readonly repository: number
      readonly pack: FinishedPack
      readonly fill: 'full' | 'partial'
    }
  /** Where the next window begins; undefined at the end of the file. */
  | { readonly kind: 'scanned'; readonly next: number | undefined }

export type BackupNotice =
  | { readonly kind: 'segment'; readonly segment: SharedArrayBuffer }
  | { readonly kind: 'drop'; readonly repository: number }
  | { readonly kind: 'recycle'; readonly repository: number; readonly memory: ArrayBuffer }
