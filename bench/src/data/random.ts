import { createCipheriv, createHash } from 'node:crypto'

/** A reproducible source of bytes that look random: the key stream of AES-256 in counter mode. */
export class SeededBytes {
  readonly #cipher

  constructor(seed: string) {
    this.#cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(seed).digest(), Buffer.alloc(16))
  }

  next(size: number): Buffer {
    return this.#cipher.update(Buffer.alloc(size))
  }

  /** A whole number from `low` up to and including `high`. */
  between(low: number, high: number): number {
    return low + (this.next(4).readUInt32LE() % (high - low + 1))
  }
}
