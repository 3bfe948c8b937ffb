import { sha256Id } from '../../crypto/hash.ts'
import type { Id } from '../../ids.ts'

/** Each bit is tried with the hash of all bytes: two seconds at this size. Snapshots have a few hundred bytes. */
const LARGEST_BYTES = 16 * 1024

/**
 * What a file was before a single bit of it changed. Its name proves it: the SHA-256 of its content (§2).
 *
 * @returns undefined when it is another damage, or too large to try
 */
export function undoFlippedBit(stored: Uint8Array, id: Id): Uint8Array | undefined {
  if (stored.length > LARGEST_BYTES) return undefined
  const content = Uint8Array.from(stored)
  for (let at = 0; at < content.length; at++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      content[at]! ^= bit
      if (sha256Id(content) === id) return content
      content[at]! ^= bit
    }
  }
  return undefined
}
