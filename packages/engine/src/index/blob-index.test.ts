import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256, sha256Id } from '../crypto/hash.ts'
import { idFromBytes } from '../ids.ts'
import type { PackedBlob } from '../pack/blob.ts'
import { blobAt, blobsInColumns, numbersIn } from '../pack/blob-columns.ts'
import { BlobIndex } from './blob-index.ts'
import { idOfWords } from './raw-id.ts'

const idOf = (text: string) => sha256Id(Buffer.from(text))
const blob = (name: string, fields: Partial<PackedBlob> = {}): PackedBlob => ({
  type: 'data',
  id: idOf(name),
  offset: 0,
  length: 100,
  uncompressedLength: 0,
  ...fields,
})

describe('an index', () => {
  test('finds what was added, under its type only', () => {
    const index = new BlobIndex()
    index.add(idOf('pack'), [blob('a', { uncompressedLength: 5 }), blob('t', { type: 'tree', offset: 100 })])
    expect(index.find('data', idOf('a'))).toEqual({ pack: idOf('pack'), offset: 0, length: 100, uncompressedLength: 5 })
    expect(index.find('tree', idOf('t'))).toMatchObject({ offset: 100 })
    expect(index.find('tree', idOf('a'))).toBeUndefined()
    expect(index.has('data', idOf('t'))).toBe(false)
    expect(index.has('tree', idOf('t'))).toBe(true)
    expect(index.size).toBe(2)
  })

  test('holds the same bytes as data and as tree', () => {
    const index = new BlobIndex()
    index.add(idOf('one'), [blob('same')])
    index.add(idOf('two'), [blob('same', { type: 'tree' })])
    expect(index.find('data', idOf('same'))?.pack).toBe(idOf('one'))
    expect(index.find('tree', idOf('same'))?.pack).toBe(idOf('two'))
  })

  test('keeps every copy, the first that was added first', () => {
    const index = new BlobIndex()
    for (const pack of ['one', 'two', 'three']) index.add(idOf(pack), [blob('same')])
    expect(index.find('data', idOf('same'))?.pack).toBe(idOf('one'))
    expect(index.findAll('data', idOf('same')).map(({ pack }) => pack)).toEqual(['one', 'two', 'three'].map(idOf))
    expect(index.findAll('data', idOf('other'))).toEqual([])
  })

  test('keeps the order of copies when it grows', () => {
    const index = new BlobIndex()
    index.add(idOf('one'), [blob('same')])
    for (let number = 0; number < 3000; number++) index.add(idOf(`pack ${number}`), [blob(`blob ${number}`)])
    index.add(idOf('two'), [blob('same')])
    for (let number = 3000; number < 9000; number++) index.add(idOf(`pack ${number}`), [blob(`blob ${number}`)])
    expect(index.findAll('data', idOf('same')).map(({ pack }) => pack)).toEqual([idOf('one'), idOf('two')])
    for (let number = 0; number < 9000; number++) {
      expect(index.find('data', idOf(`blob ${number}`))?.pack).toBe(idOf(`pack ${number}`))
    }
  })

  test('knows where the blobs of a pack end', () => {
    const index = new BlobIndex()
    index.add(idOf('pack'), [blob('b', { offset: 100 }), blob('a')])
    expect(index.endOfBlobs(idOf('pack'))).toBe(200)
    expect(index.endOfBlobs(idOf('other'))).toBe(0)
    expect(index.hasPack(idOf('pack'))).toBe(true)
    expect(index.hasPack(idOf('other'))).toBe(false)
  })

  test('holds numbers up to the largest a pack may have', () => {
    const index = new BlobIndex()
    const large = { offset: 0xffff_fff0, length: 0xffff_ffff, uncompressedLength: 0xffff_ffff }
    index.add(idOf('pack'), [blob('a', large)])
    expect(index.find('data', idOf('a'))).toEqual({ pack: idOf('pack'), ...large })
  })

  test('takes raw ids, and gives raw ids back', () => {
    const index = new BlobIndex()
    index.addRaw(index.addPack(idOf('pack')), 'tree', sha256(Buffer.from('a')), 1, 2, 3)
    expect(index.find('tree', idOf('a'))).toEqual({ pack: idOf('pack'), offset: 1, length: 2, uncompressedLength: 3 })
    const seen: string[] = []
    index.forEachId((type, words) => seen.push(`${type} ${idOfWords(Uint32Array.from(words), 0)}`))
    expect(seen).toEqual([`tree ${idOf('a')}`])
  })

  test('can be told beforehand how much comes', () => {
    const index = new BlobIndex()
    index.add(idOf('before'), [blob('before')])
    index.reserve(50_000)
    index.add(idOf('after'), [blob('after')])
    expect(index.find('data', idOf('before'))?.pack).toBe(idOf('before'))
    expect(index.find('data', idOf('after'))?.pack).toBe(idOf('after'))
  })
})

test('lists packs in the order they came, and their blobs by offset', () => {
  const index = new BlobIndex()
  index.add(idOf('one'), [blob('b', { offset: 100 })])
  index.add(idOf('empty'), [])
  index.add(idOf('two'), [blob('c')])
  index.add(idOf('one'), [blob('a')])
  expect([...index.packs()]).toEqual([
    { id: idOf('one'), blobs: [blob('a'), blob('b', { offset: 100 })] },
    { id: idOf('empty'), blobs: [] },
    { id: idOf('two'), blobs: [blob('c')] },
  ])
  expect(index.packIds).toEqual([idOf('one'), idOf('empty'), idOf('two')])
})

test.each([
  ['in order', [0, 100, 200]],
  ['out of order', [200, 0, 100]],
  ['repeated', [0, 100, 0, 200, 100]],
])('gives the blobs of one pack by offset and once each, when they come %s', (_, offsets) => {
  const index = new BlobIndex()
  index.add(idOf('other'), [blob('d')])
  for (const offset of offsets) index.add(idOf('pack'), [blob(`at ${offset}`, { offset, uncompressedLength: 7 })])
  const { starts, rows } = index.rowsByPack()
  const columns = index.columnsOf(rows.subarray(starts[1], starts[2]))
  const given = Array.from({ length: blobsInColumns(columns) }, (_, at) => blobAt(columns, at))
  expect(given).toEqual([0, 100, 200].map((offset) => blob(`at ${offset}`, { offset, uncompressedLength: 7 })))
  expect([...numbersIn(columns)].map(({ offset }) => offset)).toEqual([0, 100, 200])
})

test('agrees with a map of lists, whatever ids collide in', () => {
  const arbitraryId = fc
    .tuple(fc.nat(3), fc.nat(20))
    .map(([first, last]) => idFromBytes(Buffer.concat([Buffer.from([first]), Buffer.alloc(30), Buffer.from([last])])))
  const arbitraryBlob = fc.record({ type: fc.constantFrom('data' as const, 'tree' as const), id: arbitraryId })
  fc.assert(
    fc.property(fc.array(arbitraryBlob, { maxLength: 100 }), (blobs) => {
      const index = new BlobIndex()
      const model = new Map<string, number[]>()
      for (const [offset, { type, id }] of blobs.entries()) {
        index.add(idOf(`pack ${offset % 3}`), [{ type, id, offset, length: 40, uncompressedLength: 0 }])
        model.set(type + id, [...(model.get(type + id) ?? []), offset])
      }
      for (const { type, id } of blobs) {
        expect(index.findAll(type, id).map(({ offset }) => offset)).toEqual(model.get(type + id))
      }
      expect([...index.blobs()].map(({ offset }) => offset)).toEqual([...blobs.keys()])
    }),
  )
})
