import { type Id, ID_BYTES, idFromBytes } from '../ids.ts'
import { primitives } from './primitives.ts'

/** SHA-256 as 32 new bytes. */
export function sha256(input: Uint8Array): Buffer {
  const digest = Buffer.allocUnsafe(ID_BYTES)
  primitives().sha256(input, digest, 0)
  return digest
}

const scratch = Buffer.allocUnsafeSlow(ID_BYTES)

/** SHA-256 as an id: the name of stored bytes, or of a blob's plaintext. */
export function sha256Id(input: Uint8Array): Id {
  primitives().sha256(input, scratch, 0)
  return idFromBytes(scratch)
}
