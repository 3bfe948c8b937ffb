import { createCipheriv, createHash, hash } from 'node:crypto'
import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { loadNativePrimitives } from './primitives-native.ts'

/** The algorithms everything in a repository is made of. Buffers may not overlap unless said. */
export interface Primitives {
  /** Writes the 32 bytes of SHA-256 of `input` to `output` at `offset`. */
  sha256(input: Uint8Array, output: Uint8Array, offset: number): void
  /** AES-256-CTR with a full 128-bit big-endian counter; `output` starts at its own beginning and may be `input`. */
  aes256Ctr(key: Uint8Array, iv: Uint8Array, input: Uint8Array, output: Uint8Array): void
  /** One block of AES-128: 16 bytes of `block` to `output`, which may not be the same. */
  aes128Block(key: Uint8Array, block: Uint8Array, output: Uint8Array): void
  /** Poly1305 of `input` under the one-time key `r || s` (32 bytes, `r` unclamped); 16 bytes to `tag`. */
  poly1305(oneTimeKey: Uint8Array, input: Uint8Array, tag: Uint8Array): void
}

/** Node's public functions and @noble/ciphers: correct everywhere, several times slower on small and large units. */
export const portablePrimitives: Primitives = {
  sha256(input, output, offset) {
    output.set(hash('sha256', input, 'buffer'), offset)
  },
  aes256Ctr(key, iv, input, output) {
    output.set(createCipheriv('aes-256-ctr', key, iv).update(input))
  },
  aes128Block(key, block, output) {
    output.set(createCipheriv('aes-128-ecb', key, null).update(block))
  },
  poly1305(oneTimeKey, input, tag) {
    tag.set(poly1305(input, oneTimeKey))
  },
}

let chosen: Primitives | undefined

/**
 * The fastest implementation that works here. Native code is asked to reproduce known answers once before it is used;
 * see docs/decisions/0002-native-calls.md.
 */
export function primitives(): Primitives {
  chosen ??= loadNativePrimitives(isCorrect) ?? portablePrimitives
  return chosen
}

/** Compares an implementation with Node's own functions on sizes around its block boundaries. */
export function isCorrect(candidate: Primitives): boolean {
  const key = Buffer.alloc(32, 0xa5)
  const iv = Buffer.alloc(16, 0xff)
  const block = Buffer.alloc(16)
  candidate.aes128Block(key.subarray(0, 16), iv, block)
  if (!block.equals(createCipheriv('aes-128-ecb', key.subarray(0, 16), null).update(iv))) return false
  for (const size of [0, 1, 15, 16, 17, 64, 1000, 70_001]) {
    const input = Buffer.alloc(size, 'hikae')
    const digest = Buffer.alloc(32)
    candidate.sha256(input, digest, 0)
    if (!digest.equals(createHash('sha256').update(input).digest())) return false
    const output = Buffer.alloc(size)
    candidate.aes256Ctr(key, iv, input, output)
    if (!output.equals(createCipheriv('aes-256-ctr', key, iv).update(input))) return false
    const tag = Buffer.alloc(16)
    candidate.poly1305(key, input, tag)
    if (!tag.equals(poly1305(input, key))) return false
  }
  return true
}
