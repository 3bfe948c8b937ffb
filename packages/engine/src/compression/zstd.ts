import { constants, zstdCompressSync } from 'node:zlib'
import { wrongLength } from './damage.ts'
import { storedFrame } from './stored-frame.ts'
import { decompressFrames } from './zstd-frames.ts'
import { loadNativeZstd } from './zstd-native.ts'

/** zstd with reusable contexts. One per thread is enough; calls are synchronous. */
export interface Zstd {
  /**
   * Compresses to one frame with content size and without checksum.
   *
   * @returns the frame's length in `output`, or 0 when it would not be shorter than `input`
   */
  compressInto(input: Uint8Array, output: Uint8Array, level: number): number
  /** Decompresses exactly `output.length` bytes. @throws {DamagedError} the stream is invalid or has another length */
  decompressInto(input: Uint8Array, output: Uint8Array): void
}

/** Node's own binding: correct everywhere, and ten times slower on small inputs. */
export const portableZstd: Zstd = {
  compressInto(input, output, level) {
    const frame = zstdCompressSync(input, {
      params: { [constants.ZSTD_c_compressionLevel]: level },
      pledgedSrcSize: input.length,
    })
    if (frame.length >= input.length) return 0
    output.set(frame)
    return frame.length
  },
  decompressInto(input, output) {
    const content = decompressFrames(input, output.length)
    if (content.length !== output.length) throw wrongLength(output.length, content.length)
    output.set(content)
  },
}

let chosen: Zstd | undefined

/** The fastest implementation that works here; see docs/decisions/0002-native-calls.md. */
export function zstd(): Zstd {
  chosen ??= loadNativeZstd(isCorrect) ?? portableZstd
  return chosen
}

/** A compressed copy of `input`, or undefined when compression does not make it shorter. */
export function compress(input: Uint8Array, level: number): Buffer | undefined {
  const output = Buffer.allocUnsafe(input.length)
  const length = zstd().compressInto(input, output, level)
  return length === 0 ? undefined : output.subarray(0, length)
}

/**
 * A compressed copy of `input`, even when that is a few bytes longer: of blobs that restic's prune would compress again and
 * again (§7). Not for empty input, which counts as uncompressed anyway.
 */
export function compressAlways(input: Uint8Array, level: number): Buffer {
  return compress(input, level) ?? storedFrame(input)
}

/** @throws {DamagedError} the stream is invalid or does not have `size` bytes of content */
export function decompress(input: Uint8Array, size: number): Buffer {
  const output = Buffer.allocUnsafe(size)
  zstd().decompressInto(input, output)
  return output
}

/** Whether a candidate and Node's binding read each other. */
export function isCorrect(candidate: Zstd): boolean {
  for (const size of [1, 100, 70_000]) {
    const input = Buffer.alloc(size, 'hikae hikae')
    const frame = zstdCompressSync(input)
    const output = Buffer.alloc(size)
    candidate.decompressInto(frame, output)
    if (!output.equals(input)) return false
    const compressed = Buffer.alloc(size)
    const length = candidate.compressInto(input, compressed, 3)
    if (length > 0 && !decompressFrames(compressed.subarray(0, length), size).equals(input)) return false
    if (size > 1000 && length === 0) return false
  }
  return true
}
