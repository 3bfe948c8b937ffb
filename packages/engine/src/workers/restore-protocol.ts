import type { MasterKey } from '../crypto/cipher.ts'
import type { BlobsSource } from './blob-opener.ts'
import type { ThreadError } from './thread-error.ts'

/** What each restore thread is started with. */
export interface RestoreWorkerData {
  /** Absolute path as latin1 without a slash at its end; empty for `/`. */
  readonly target: string
  readonly masterKey: MasterKey
  /** See ApplyOptions. */
  readonly privileged: boolean
  readonly sparse: boolean
}

/** Memory of records that the threads have to know before the next task. */
export interface RestoreNotice {
  readonly segment: SharedArrayBuffer
}

/** How a file is opened for its first or only byte. */
export const OPENING = {
  /** It is there: nothing but differing parts are written. */
  existing: 0,
  /** Nothing is there. */
  create: 1,
  /** What is there is removed first; a directory only when it is empty. */
  replace: 2,
} as const
export type Opening = (typeof OPENING)[keyof typeof OPENING]

/** Added to an opening in `how`: this is all that the file lacks, so it is made, filled and finished at once. */
export const WHOLE_FILE = 4

/** Parts of packs, and where their content goes. The fourth number of a blob is how many uses it has. */
export interface BlobsTask extends BlobsSource {
  readonly kind: 'blobs'
  /** Two numbers for each use: position of the file's record, offset in the file. */
  readonly uses: Float64Array
  /** For each use: an opening with {@link WHOLE_FILE}, or 0 when the file is there and goes on to be written. */
  readonly how: Uint8Array
}

/** How an entry ends that has its content. */
export const FINISH = {
  /** Content and length are right already. */
  metadata: 0,
  /** The length has to be made right too. */
  length: 1,
  /** Parts are missing: the times are left, so that nobody takes the file for the one in the snapshot. */
  damaged: 2,
} as const
export type Finish = (typeof FINISH)[keyof typeof FINISH]

/** Parts of files to be compared with the blobs they should consist of. */
export interface CompareTask {
  readonly kind: 'compare'
  readonly positions: Float64Array
  /** Where each part begins in its file. */
  readonly offsets: Float64Array
  /** Blobs of each part. */
  readonly counts: Uint32Array
  /** Bytes of each blob. */
  readonly lengths: Uint32Array
  readonly ids: Uint8Array
}

export type RestoreTask =
  | BlobsTask
  | CompareTask
  /** Empty files, symlinks, FIFOs and devices. */
  | { readonly kind: 'entries'; readonly positions: Float64Array; readonly how: Uint8Array }
  /** Files whose content is complete. */
  | { readonly kind: 'finish'; readonly positions: Float64Array; readonly how: Uint8Array }
  /** Metadata of what was there and may stay, or of directories, in the order given. */
  | { readonly kind: 'metadata'; readonly positions: Float64Array }

export interface RestoreFailure {
  /** `blob`: number of a blob in the task. `entry`: number of a use or position. */
  readonly of: 'blob' | 'entry'
  readonly at: number
  readonly error: ThreadError
}

/** The entry is there, but something about it is not as it was. */
export interface RestoreComplaint {
  readonly position: number
  readonly part: string
  readonly error: ThreadError
}

export interface RestoreResult {
  readonly failures: readonly RestoreFailure[]
  readonly complaints: readonly RestoreComplaint[]
  /** For each blob that was compared: 1 when the file has it. */
  readonly matches?: Uint8Array
  /** For each part that was compared: bytes of its whole file. */
  readonly sizes?: Float64Array
}
