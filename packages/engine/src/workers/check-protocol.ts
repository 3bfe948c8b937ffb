import type { MasterKey } from '../crypto/cipher.ts'
import type { PackId } from '../ids.ts'
import type { BlobColumns } from '../pack/blob-columns.ts'

export interface CheckWorkerData {
  readonly masterKey: MasterKey
}

/** A pack to be read, and what the index says of it. */
export interface CheckTask {
  readonly pack: PackId
  /** Bytes. */
  readonly size: number
  /** Where the thread reads it, or what was read. */
  readonly source: { readonly path: string } | { readonly content: Uint8Array }
  readonly blobs: BlobColumns
}

export interface CheckResult {
  /** What is wrong, in words; empty for a pack that is whole. */
  readonly problems: readonly string[]
  /** Positions in `blobs` of the blobs that cannot be used. */
  readonly damagedBlobs: readonly number[]
  readonly bytesRead: number
  /** The system did not give the file, though it is there: nothing is known of its content. */
  readonly isRefused?: boolean
}
