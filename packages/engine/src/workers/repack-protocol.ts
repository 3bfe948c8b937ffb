import type { MasterKey } from '../crypto/cipher.ts'
import type { BlobType } from '../pack/blob.ts'
import type { FinishedPack } from '../pack/pack-builder.ts'
import type { BlobsSource } from './blob-opener.ts'
import type { ThreadError } from './thread-error.ts'

/** What each repack thread is started with. */
export interface RepackWorkerData {
  readonly sourceKey: MasterKey
  readonly targetKey: MasterKey
  /** Version 1 has no compression. */
  readonly targetVersion: 1 | 2
  /** Compress data that is stored uncompressed, where the target can; trees are compressed in any case. */
  readonly compression: 'keep' | 'compress'
  readonly packSizeBytes: number
}

export type RepackTask =
  /** Blobs of one pack; the fourth number of each is 1 for a tree, else 0. */
  | ({ readonly kind: 'blobs' } & BlobsSource)
  /** Hand over the pack of that type that is not full. */
  | { readonly kind: 'flush'; readonly type: BlobType }

export interface RepackResult {
  /** Blobs that were not stored, by their number in the task, and why. */
  readonly failures: readonly { readonly at: number; readonly error: ThreadError }[]
}

export interface RepackEvent {
  readonly kind: 'pack'
  readonly pack: FinishedPack
  readonly fill: 'full' | 'partial'
}
