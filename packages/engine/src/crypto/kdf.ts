import { randomBytes, scrypt } from 'node:crypto'
import type { MasterKey } from './cipher.ts'

/** Cost of turning a password into a key (§4): memory is 128·N·r bytes. */
export interface KdfParameters {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** restic's own smallest choice: 32 MiB, about 60 ms on a server core. See docs/decisions/0004-key-derivation.md. */
export const DEFAULT_KDF: KdfParameters = { N: 32_768, r: 8, p: 1 }

export const SALT_BYTES = 64

/** The user's key for a password: 64 bytes of scrypt, split as §4 says. The password is taken as UTF-8. */
export function deriveUserKey(password: string, salt: Uint8Array, { N, r, p }: KdfParameters): Promise<MasterKey> {
  const maxmem = Math.ceil(128 * N * r * 1.1) + 128 * r * p + 1024 * 1024
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 64, { N, r, p, maxmem }, (error, derived) => {
      if (error) reject(error)
      else resolve(splitKey(derived))
    })
  })
}

/** Fresh secrets for a new repository. */
export function randomMasterKey(): MasterKey {
  return splitKey(randomBytes(64))
}

function splitKey(bytes: Buffer): MasterKey {
  return { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48, 64) }
}
