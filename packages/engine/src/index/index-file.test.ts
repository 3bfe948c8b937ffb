import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DamagedError } from '../errors.ts'
import type { BlobId, Id, PackId } from '../ids.ts'
import type { PackedBlob } from '../pack/blob.ts'
import { parseCanonicalIndex } from './canonical-index.ts'
import { decodeIndex, encodeIndex, type IndexedPack, type IndexSink, IndexText } from './index-file.ts'

class Collected implements IndexSink {
  readonly packs: { id: PackId; blobs: PackedBlob[] }[] = []

  pack(id: PackId): void {
    this.packs.push({ id, blobs: [] })
  }

  blob(type: PackedBlob['type'], raw: Uint8Array, offset: number, length: number, uncompressedLength: number): void {
    const id = Buffer.from(raw).toString('hex') as BlobId
    this.packs.at(-1)!.blobs.push({ type, id, offset, length, uncompressedLength })
  }
}

function decode(text: string | Uint8Array) {
  const sink = new Collected()
  decodeIndex(Buffer.from(text), sink)
  return sink.packs
}

const vector =
  '{"packs":[{"id":"1eab91f6d4dffa4f30905b84a4229921e6cda253a436fcd5de01dd1fbe1e1fff","blobs":[{"id":"fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f","type":"data","offset":0,"length":54,"uncompressed_length":13}]},{"id":"cabee19a2ebeb07536f019c2395cd1d18602cca18d0ee0aeb089b7506ce17720","blobs":[{"id":"20751b5229a7208b8eb9d4d8e40187128e00213b2e454083c96cd63266e37f94","type":"tree","offset":0,"length":206,"uncompressed_length":256}]}]}\n'
const expected: IndexedPack[] = [
  {
    id: '1eab91f6d4dffa4f30905b84a4229921e6cda253a436fcd5de01dd1fbe1e1fff' as PackId,
    blobs: [
      {
        type: 'data',
        id: 'fbbd69198637d5360353c39796181175de6311c2a61abe2fe6392c938018660f' as BlobId,
        offset: 0,
        length: 54,
        uncompressedLength: 13,
      },
    ],
  },
  {
    id: 'cabee19a2ebeb07536f019c2395cd1d18602cca18d0ee0aeb089b7506ce17720' as PackId,
    blobs: [
      {
        type: 'tree',
        id: '20751b5229a7208b8eb9d4d8e40187128e00213b2e454083c96cd63266e37f94' as BlobId,
        offset: 0,
        length: 206,
        uncompressedLength: 256,
      },
    ],
  },
]

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString('hex'))
const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
const arbitraryPacks = fc.array(
  fc.record({
    id: id.map((hex) => hex as PackId),
    blobs: fc.array(
      fc.record<PackedBlob>({
        type: fc.constantFrom('data', 'tree'),
        id: id.map((hex) => hex as BlobId),
        offset: u32,
        length: u32,
        uncompressedLength: fc.oneof(fc.constant(0), u32),
      }),
      { maxLength: 6 },
    ),
  }),
  { maxLength: 6 },
)

describe('an index file', () => {
  test('is the one of the reference repository, both ways', () => {
    const encoded = encodeIndex(expected)
    expect(encoded.toString()).toBe(vector)
    expect(encoded).toHaveLength(454)
    expect(decode(vector)).toEqual(expected)
  })

  test('gives back every list of packs, by the short road', () => {
    fc.assert(
      fc.property(arbitraryPacks, (packs) => {
        const encoded = encodeIndex(packs)
        expect(parseCanonicalIndex(encoded)).toBeDefined()
        expect(decode(encoded)).toEqual(packs)
      }),
    )
  })

  test('means the same in any other layout', () => {
    fc.assert(
      fc.property(arbitraryPacks, fc.constantFrom(undefined, 1), (packs, spaces) => {
        const capitals = encodeIndex(packs).toString().replaceAll('"offset"', '"Offset"')
        const others = JSON.stringify(
          { supersedes: [], ...JSON.parse(capitals), packs_to_delete: [] },
          undefined,
          spaces,
        )
        expect(parseCanonicalIndex(Buffer.from(others))).toBeUndefined()
        expect(decode(others)).toEqual(packs)
      }),
    )
  })

  test('is read by the short road only to the same result as by the long one, whatever was changed in it', () => {
    const pieces = fc.constantFrom(
      '"',
      ',',
      '[',
      ']',
      '{',
      '}',
      '0',
      '7',
      '-',
      ' ',
      '\n',
      'A',
      'e',
      'null',
      ']}',
      ',{"id":"',
    )
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 4 }), pieces), { minLength: 1, maxLength: 2 })
    fc.assert(
      fc.property(arbitraryPacks, changes, (packs, changes) => {
        let text = encodeIndex(packs).toString()
        for (const [where, removed, piece] of changes) {
          const index = where % text.length
          text = text.slice(0, index) + piece + text.slice(index + removed)
        }
        if (parseCanonicalIndex(Buffer.from(text)) === undefined) return
        // A space before the end is enough to need the long road.
        expect(decode(text)).toEqual(decode(text.replace(/\]\}\n?$/, '] }')))
      }),
      { numRuns: 3000 },
    )
  })

  test('may be empty, without line feed, and have ids in capitals', () => {
    expect(decode('{"packs":[]}\n')).toEqual([])
    expect(decode('{"packs":null}')).toEqual([])
    expect(decode('{}')).toEqual([])
    expect(decode(vector.trimEnd())).toEqual(expected)
    expect(decode(vector.replaceAll(/[0-9a-f]{64}/g, (id) => id.toUpperCase()))).toEqual(expected)
  })

  test('lies anywhere in memory', () => {
    const padded = Buffer.concat([Buffer.from('x'), Buffer.from(vector), Buffer.from('x')])
    const sink = new Collected()
    decodeIndex(padded.subarray(1, -1), sink)
    expect(sink.packs).toEqual(expected)
  })

  test.each([
    ['nothing', ''],
    ['the list of programs long gone', '[]'],
    ['cut off', vector.slice(0, -20)],
    ['of a type that does not exist', vector.replace('"tree"', '"blob"')],
    ['with an id too short', vector.replace('20751b', '2075')],
    ['with an id that is not hex', vector.replace('20751b', '20751g')],
    ['with a length above 32 bits', vector.replace('206', '4294967296')],
    ['with a negative length', vector.replace('206', '-206')],
    ['with a number that is not JSON', vector.replace('206', '0206')],
    ['with something behind its end', `${vector}{}`],
  ])('%s is refused, and nothing of it is reported', (_, text) => {
    const sink = new Collected()
    expect(() => decodeIndex(Buffer.from(text), sink)).toThrow(DamagedError)
    expect(sink.packs).toEqual([])
  })
})

test('an index made piece by piece is the same text', () => {
  const id = (number: number): Id => number.toString(16).padStart(64, '0') as Id
  const blob = (number: number): PackedBlob => ({
    type: number % 2 === 0 ? 'data' : 'tree',
    id: id(number),
    offset: number * 100,
    length: 100,
    uncompressedLength: number % 3 === 0 ? 0 : 250,
  })
  const packs = [
    { id: id(1), blobs: [blob(2), blob(3), blob(4)] },
    { id: id(5), blobs: [] },
    { id: id(6), blobs: [blob(7)] },
    // More text than is kept as such.
    { id: id(8), blobs: Array.from({ length: 2000 }, (_, at) => blob(at % 9)) },
  ]
  const text = new IndexText()
  for (const pack of packs) {
    text.pack(pack.id)
    for (const { type, id: blobId, offset, length, uncompressedLength } of pack.blobs) {
      text.blob(type, Buffer.from(blobId, 'hex'), offset, length, uncompressedLength)
    }
  }
  expect(text.blobs).toBe(2004)
  expect(text.finish().toString()).toBe(encodeIndex(packs).toString())
  expect(new IndexText().finish().toString()).toBe(encodeIndex([]).toString())
})
