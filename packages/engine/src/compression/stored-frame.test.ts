import { zstdDecompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decompress } from './zstd.ts'
import { storedFrame } from './stored-frame.ts'

const BLOCK = 128 * 1024

test.each([0, 1, 13, 255, 256, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 1_000_000])(
  'a stored frame of %d bytes is read by every decoder',
  (size) => {
    const content = Buffer.from(Array.from({ length: size }, (_, at) => (at * 31) % 251))
    const frame = storedFrame(content)
    expect(zstdDecompressSync(frame).equals(content)).toBe(true)
    expect(decompress(frame, size).equals(content)).toBe(true)
    expect(frame.length).toBe(9 + 3 * Math.max(1, Math.ceil(size / BLOCK)) + size)
  },
)
