import { randomFillSync, timingSafeEqual } from 'node:crypto'
import { KnownError } from '../errors.ts'
import { primitives } from './primitives.ts'

/** The three secrets of a repository, or of a user's key (§3). `macR` is kept unclamped, as stored. */
export interface MasterKey {
  /** 32 bytes, AES-256. */
  readonly encrypt: Uint8Array
  /** 16 bytes, AES-128: turns an IV into the second half of a one-time Poly1305 key. */
  readonly macK: Uint8Array
  /** 16 bytes. */
  readonly macR: Uint8Array
}

/** Whether units of the one can be read with the other. */
export function isSameKey(a: MasterKey, b: MasterKey): boolean {
  return (['encrypt', 'macK', 'macR'] as const).every((part) => Buffer.compare(a[part], b[part]) === 0)
}

const IV_BYTES = 16
const MAC_BYTES = 16

/** How much longer an encrypted unit is than its plaintext. */
export const OVERHEAD = IV_BYTES + MAC_BYTES

/** An encrypted unit was changed, cut, or made with another key. */
export class MacMismatchError extends KnownError {
  override readonly name = 'MacMismatchError'
  readonly code = 'MAC_MISMATCH'

  constructor() {
    super('the message authentication code does not match', {
      hint: 'the data was changed after it was written, or belongs to another key: run `hikae check --read-data`',
    })
  }
}

/** Encrypts units with one key: `IV || AES-256-CTR(plaintext) || Poly1305-AES(ciphertext)` (§3). One per thread and key. */
export class Cipher {
  readonly #key: MasterKey
  readonly #primitives = primitives()
  /** `macR`, and behind it the encrypted IV. */
  readonly #oneTimeKey = Buffer.allocUnsafeSlow(32)
  readonly #encryptedIv = this.#oneTimeKey.subarray(IV_BYTES)
  readonly #tag = Buffer.allocUnsafeSlow(MAC_BYTES)
  readonly #ivPool = Buffer.allocUnsafeSlow(IV_BYTES * 256)
  #ivUsed = this.#ivPool.length

  constructor(key: MasterKey) {
    for (const [part, bytes] of [
      [key.encrypt, 32],
      [key.macK, 16],
      [key.macR, 16],
    ] as const) {
      if (part.length !== bytes || part.every((byte) => byte === 0)) throw new RangeError('unusable key')
    }
    this.#key = key
    this.#oneTimeKey.set(key.macR, 0)
  }

  /** Writes the unit to `output` at `offset`; @returns its length, `plaintext.length + OVERHEAD`. */
  sealInto(plaintext: Uint8Array, output: Buffer, offset: number): number {
    const iv = output.subarray(offset, offset + IV_BYTES)
    iv.set(this.#nextIv())
    const start = offset + IV_BYTES
    const end = start + plaintext.length
    const ciphertext = output.subarray(start, end)
    this.#primitives.aes256Ctr(this.#key.encrypt, iv, plaintext, ciphertext)
    this.#mac(iv, ciphertext, output.subarray(end, end + MAC_BYTES))
    return plaintext.length + OVERHEAD
  }

  seal(plaintext: Uint8Array): Buffer {
    const unit = Buffer.allocUnsafe(plaintext.length + OVERHEAD)
    this.sealInto(plaintext, unit, 0)
    return unit
  }

  /**
   * Decrypts a unit into `output`, which must be at least `unit.length - OVERHEAD` bytes.
   *
   * @returns the plaintext, a view of `output`
   * @throws {MacMismatchError} before a byte is decrypted
   */
  openInto(unit: Uint8Array, output: Buffer): Buffer {
    if (unit.length < OVERHEAD) throw new MacMismatchError()
    const iv = unit.subarray(0, IV_BYTES)
    const ciphertext = unit.subarray(IV_BYTES, unit.length - MAC_BYTES)
    this.verify(unit)
    const plaintext = output.subarray(0, ciphertext.length)
    this.#primitives.aes256Ctr(this.#key.encrypt, iv, ciphertext, plaintext)
    return plaintext
  }

  open(unit: Uint8Array): Buffer {
    return this.openInto(unit, Buffer.allocUnsafe(Math.max(0, unit.length - OVERHEAD)))
  }

  /** Checks the authentication code without decrypting. @throws {MacMismatchError} */
  verify(unit: Uint8Array): void {
    if (unit.length < OVERHEAD) throw new MacMismatchError()
    const iv = unit.subarray(0, IV_BYTES)
    if (iv.every((byte) => byte === 0)) throw new MacMismatchError()
    this.#mac(iv, unit.subarray(IV_BYTES, unit.length - MAC_BYTES), this.#tag)
    if (!timingSafeEqual(this.#tag, unit.subarray(unit.length - MAC_BYTES))) throw new MacMismatchError()
  }

  #mac(iv: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array): void {
    this.#primitives.aes128Block(this.#key.macK, iv, this.#encryptedIv)
    this.#primitives.poly1305(this.#oneTimeKey, ciphertext, tag)
  }

  #nextIv(): Uint8Array {
    for (;;) {
      if (this.#ivUsed === this.#ivPool.length) {
        randomFillSync(this.#ivPool)
        this.#ivUsed = 0
      }
      const iv = this.#ivPool.subarray(this.#ivUsed, (this.#ivUsed += IV_BYTES))
      if (iv.some((byte) => byte !== 0)) return iv
    }
  }
}
