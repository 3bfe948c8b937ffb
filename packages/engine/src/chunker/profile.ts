import type { ChunkProfileName } from '../entry.ts'

/**
 * Where content may be cut. A cut may fall after a byte when the chunk has at least `minimum` bytes and the Rabin
 * fingerprint of the last 64 bytes, masked, equals `target`; it must fall when the chunk has `maximum` bytes.
 */
export interface ChunkProfile {
  /** At least 64, the bytes that the fingerprint covers. */
  readonly minimum: number
  readonly maximum: number
  /** 2^n − 1, at most 20 bits. */
  readonly mask: number
  readonly target: number
}

/**
 * `standard` is restic's rule (§12), so that both programs find each other's chunks.
 *
 * `fine` is for dumps and database pages: 63 KiB on average for random content. Half of that is the minimum, because
 * chunks of similar length lose least when single pages change: 40 changed pages of 8 KiB in 64 MiB store 3.9 MB again,
 * and 5.8 MB with a minimum of 16 KiB and a mask of 16 bits.
 *
 * Its target is not zero, because the fingerprint of 64 zero bytes is zero and pages are full of zeros: with target 0
 * every chunk would end right after the minimum and not find its place again after a shift.
 */
export const CHUNK_PROFILES: Readonly<Record<ChunkProfileName, ChunkProfile>> = {
  standard: { minimum: 512 * 1024, maximum: 8 * 1024 * 1024, mask: 0xfffff, target: 0 },
  fine: { minimum: 32 * 1024, maximum: 512 * 1024, mask: 0x7fff, target: 0x5a5a },
}
