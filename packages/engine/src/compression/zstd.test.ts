import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import { compress, decompress, isCorrect, portableZstd, zstd } from './zstd.ts'
import { decompressFrames } from './zstd-frames.ts'

for (const [name, implementation] of [
  ['native', zstd()],
  ['portable', portableZstd],
] as const) {
  describe(`${name} zstd`, () => {
    test('gives back what it compressed, and says so when compression gains nothing', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 9 }), (bytes, repeats) => {
          const input = Buffer.concat(Array.from({ length: repeats }, () => bytes))
          const output = Buffer.alloc(input.length)
          const length = implementation.compressInto(input, output, 3)
          expect(length).toBeLessThan(Math.max(1, input.length))
          if (length === 0) return
          const content = Buffer.alloc(input.length)
          implementation.decompressInto(output.subarray(0, length), content)
          expect(content.equals(input)).toBe(true)
        }),
      )
    })

    test('refuses damaged input and wrong lengths', () => {
      const input = Buffer.alloc(10_000, 'hikae')
      const frame = zstdCompressSync(input, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
      const damaged = Buffer.from(frame)
      damaged[damaged.length - 3]! ^= 1
      expect(() => implementation.decompressInto(damaged, Buffer.alloc(10_000))).toThrow(DamagedError)
      expect(() => implementation.decompressInto(frame.subarray(0, 12), Buffer.alloc(10_000))).toThrow(DamagedError)
      expect(() => implementation.decompressInto(frame, Buffer.alloc(9_999))).toThrow(DamagedError)
      expect(() => implementation.decompressInto(frame, Buffer.alloc(10_001))).toThrow(DamagedError)
    })

    test('reads several frames in a row', () => {
      const frames = Buffer.concat([zstdCompressSync('one '), zstdCompressSync('two')])
      const content = Buffer.alloc(7)
      implementation.decompressInto(frames, content)
      expect(content.toString()).toBe('one two')
    })
  })
}

test('native code is used here, and wrong code is not trusted', () => {
  expect(zstd()).not.toBe(portableZstd)
  expect(isCorrect({ ...portableZstd, compressInto: () => 0 })).toBe(false)
})

test('a stream of unknown length is read to its last frame, and no further than the limit', () => {
  const frames = Buffer.concat([zstdCompressSync('one '), zstdCompressSync(''), zstdCompressSync('two')])
  expect(decompressFrames(frames, 100).toString()).toBe('one two')
  expect(() => decompressFrames(zstdCompressSync(Buffer.alloc(1_000_000)), 1000)).toThrow(DamagedError)
  expect(() => decompressFrames(Buffer.from('not zstd'), 1000)).toThrow(DamagedError)
})

test('the convenience functions return buffers', () => {
  const input = Buffer.alloc(5000, 'a')
  expect(decompress(compress(input, 3)!, 5000).equals(input)).toBe(true)
  expect(compress(Buffer.from('x'), 3)).toBeUndefined()
})
