import type { BlobId } from '../ids.ts'

/** What a blob holds: part of a file's content, or the listing of one directory. The same id may exist as both (§1). */
export type BlobType = 'data' | 'tree'

/** Where a blob lies inside its pack, as a pack header and an index say it (§7, §8). */
export interface PackedBlob {
  readonly type: BlobType
  readonly id: BlobId
  /** First byte of the encrypted unit, counted from the start of the pack. */
  readonly offset: number
  /** Bytes of the encrypted unit: stored plaintext + 32. */
  readonly length: number
  /** Bytes of the plaintext before compression; 0 when it is stored uncompressed. */
  readonly uncompressedLength: number
}

/** Whether two entries say the same of the same blob. */
export function isSameEntry(a: PackedBlob, b: PackedBlob): boolean {
  return (
    a.type === b.type &&
    a.id === b.id &&
    a.offset === b.offset &&
    a.length === b.length &&
    a.uncompressedLength === b.uncompressedLength
  )
}
