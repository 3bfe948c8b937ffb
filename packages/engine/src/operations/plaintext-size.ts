import { OVERHEAD } from '../crypto/cipher.ts'
import type { PackedBlob } from '../pack/blob.ts'

/** Bytes of a blob before compression and encryption. */
export function plaintextSize({
  length,
  uncompressedLength,
}: Pick<PackedBlob, 'length' | 'uncompressedLength'>): number {
  return uncompressedLength === 0 ? length - OVERHEAD : uncompressedLength
}
