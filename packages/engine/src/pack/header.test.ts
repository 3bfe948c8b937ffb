import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import type { BlobId } from '../ids.ts'
import type { PackedBlob } from './blob.ts'
import { columnsOf } from './blob-columns.ts'
import { decodeHeader, encodeHeader, HEADER_GUESS_BYTES, headerStart, MAX_PACK_BLOBS, packFileSize } from './header.ts'

const hello: PackedBlob = {
  type: 'data',
  id: 'fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f' as BlobId,
  offset: 0,
  length: 54,
  uncompressedLength: 13,
}

const arbitraryBlobs = fc
  .array(
    fc.record({
      type: fc.constantFrom('data' as const, 'tree' as const),
      id: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString('hex') as BlobId),
      length: fc.integer({ min: 32, max: 50_000_000 }),
      uncompressedLength: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffff_ffff })),
    }),
    { maxLength: 40 },
  )
  .map((blobs) => {
    let offset = 0
    return blobs.map((blob): PackedBlob => {
      offset += blob.length
      return { ...blob, offset: offset - blob.length }
    })
  })

describe('the header of a pack', () => {
  test('has the bytes of the reference vectors, and their packs the size', () => {
    expect(encodeHeader(columnsOf([hello])).toString('hex')).toBe(`02360000000d000000${hello.id}`)
    expect(packFileSize([hello])).toBe(131)
    const tree: PackedBlob = { ...hello, type: 'tree', length: 206, uncompressedLength: 256 }
    expect(encodeHeader(columnsOf([tree])).toString('hex')).toBe(`03ce00000000010000${hello.id}`)
    expect(packFileSize([tree])).toBe(283)
  })

  test('says type 0 and 1, and no second length, for what is stored uncompressed', () => {
    const plain = { ...hello, length: 45, uncompressedLength: 0 }
    const blobs: PackedBlob[] = [plain, { ...plain, type: 'tree', offset: 45 }]
    expect(encodeHeader(columnsOf(blobs)).toString('hex')).toBe(`002d000000${hello.id}012d000000${hello.id}`)
    expect(packFileSize([plain])).toBe(45 + 37 + 36)
  })

  test('gives back every list of blobs', () => {
    fc.assert(
      fc.property(arbitraryBlobs, (blobs) => {
        expect(decodeHeader(encodeHeader(columnsOf(blobs)))).toEqual(blobs)
      }),
    )
  })

  test('is read from the middle of a larger buffer', () => {
    const padded = Buffer.concat([Buffer.alloc(7), encodeHeader(columnsOf([hello]))])
    expect(decodeHeader(padded.subarray(7))).toEqual([hello])
  })

  test('is refused when an entry is cut off, of unknown type or of impossible length', () => {
    const header = encodeHeader(columnsOf([hello]))
    expect(() => decodeHeader(header.subarray(0, -1))).toThrow(DamagedError)
    expect(() => decodeHeader(Buffer.concat([header, Buffer.from([4])]))).toThrow('entry 1 has the unknown type 4')
    const tooShort = Buffer.from(header)
    tooShort.writeUInt32LE(31, 1)
    expect(() => decodeHeader(tooShort)).toThrow('impossible lengths')
    const notCompressed = Buffer.from(header)
    notCompressed.writeUInt32LE(0, 5)
    expect(() => decodeHeader(notCompressed)).toThrow('impossible lengths')
    const huge = Buffer.from(header)
    huge.writeUInt32LE(0xffff_fff0, 1)
    expect(() => decodeHeader(Buffer.concat([huge, huge]))).toThrow('entry 1 has impossible lengths')
  })

  test('never crashes on damaged bytes', () => {
    fc.assert(
      fc.property(arbitraryBlobs, fc.nat(), fc.nat(255), (blobs, where, byte) => {
        const header = encodeHeader(columnsOf(blobs))
        if (header.length > 0) header[where % header.length] = byte
        try {
          decodeHeader(header)
        } catch (error) {
          expect(error).toBeInstanceOf(DamagedError)
        }
      }),
    )
  })

  test('is not written with gaps between the blobs, nor with more blobs than readers accept', () => {
    expect(() => encodeHeader(columnsOf([{ ...hello, offset: 1 }]))).toThrow('lies at 1, not at 0')
    expect(MAX_PACK_BLOBS).toBe(409_199)
    expect(() => encodeHeader(columnsOf(Array.from({ length: MAX_PACK_BLOBS + 1 }, () => hello)))).toThrow('too many')
  })
})

describe('the end of a pack', () => {
  const tail = (length: number) => {
    const bytes = Buffer.alloc(10)
    bytes.writeUInt32LE(length, 6)
    return bytes
  }

  test('tells where the header begins', () => {
    expect(headerStart(tail(73), 131)).toBe(54)
    expect(headerStart(tail(73).subarray(6), 131)).toBe(54)
    expect(HEADER_GUESS_BYTES).toBe(651)
  })

  test('is refused when it claims a header that is empty, too small, longer than the pack or longer than allowed', () => {
    expect(() => headerStart(tail(0), 131)).toThrow(DamagedError)
    expect(() => headerStart(tail(31), 131)).toThrow('claims a header of 31 bytes')
    expect(() => headerStart(tail(128), 131)).toThrow('claims a header of 128 bytes')
    expect(() => headerStart(tail(16 * 1024 * 1024 + 1), 100_000_000)).toThrow(DamagedError)
    expect(() => headerStart(Buffer.alloc(3), 3)).toThrow('too short')
  })
})
