import { describe, expect, test } from 'vitest'
import { Cipher, OVERHEAD } from '../crypto/cipher.ts'
import { sha256, sha256Id } from '../crypto/hash.ts'
import { randomMasterKey } from '../crypto/kdf.ts'
import { ID_BYTES } from '../ids.ts'
import { columnsOf } from './blob-columns.ts'
import { decodeHeader, headerStart, MAX_PACK_BLOBS, packFileSize } from './header.ts'
import { blobsOf, type FinishedPack, mergePacks, PackBuilder } from './pack-builder.ts'
import { PackVerifier } from './verify-pack.ts'

const cipher = new Cipher(randomMasterKey())
const MEBIBYTE = 1024 * 1024

function makeBuilder(targetBytes = 64 * 1024, verify = true): PackBuilder {
  return new PackBuilder('data', cipher, { targetBytes, verify })
}

/** Uncompressed blobs, so that their content is what the pack must give back. */
function add(builder: PackBuilder, content: Uint8Array): FinishedPack[] {
  return builder.add(sha256(content), content, 0)
}

function contentsOf(pack: FinishedPack): Buffer[] {
  return blobsOf(pack.type, pack.ids, pack.numbers).map(({ offset, length }) =>
    cipher.open(pack.content.subarray(offset, offset + length)),
  )
}

/** The pack is what §7 says, down to its name. */
function expectValid(pack: FinishedPack): void {
  const blobs = blobsOf(pack.type, pack.ids, pack.numbers)
  expect(pack.content).toHaveLength(packFileSize(blobs))
  expect(new PackVerifier(cipher).verify(pack.id, pack.content, columnsOf(blobs))).toEqual({
    problems: [],
    damagedBlobs: [],
  })
}

describe('a pack', () => {
  test('gives back its blobs, and has the name, size and header of the format', () => {
    const builder = makeBuilder()
    const contents = ['one', 'two', 'three'].map((text) => Buffer.from(text))
    for (const content of contents) expect(add(builder, content)).toEqual([])
    const pack = builder.finish()!
    expectValid(pack)
    expect(pack.id).toBe(sha256Id(pack.content))
    expect(contentsOf(pack)).toEqual(contents)
    const start = headerStart(pack.content, pack.content.length)
    const header = decodeHeader(cipher.open(pack.content.subarray(start, -4)))
    expect(header).toEqual(blobsOf('data', pack.ids, pack.numbers))
  })

  test('is not made of nothing', () => {
    const builder = makeBuilder()
    expect(builder.finish()).toBeUndefined()
    add(builder, Buffer.from('one'))
    expect(builder.finish()).toBeDefined()
    expect(builder.finish()).toBeUndefined()
  })

  test('holds a blob of no bytes', () => {
    const builder = makeBuilder()
    add(builder, Buffer.alloc(0))
    const pack = builder.finish()!
    expectValid(pack)
    expect(contentsOf(pack)).toEqual([Buffer.alloc(0)])
  })

  test('records how long compressed blobs are', () => {
    const builder = new PackBuilder('tree', cipher, { targetBytes: 1000, verify: true })
    builder.add(Buffer.alloc(ID_BYTES, 1), Buffer.alloc(10), 123)
    const { ids, numbers, type, content } = builder.finish()!
    const [blob] = blobsOf(type, ids, numbers)
    expect(blob).toMatchObject({ type: 'tree', offset: 0, length: 10 + OVERHEAD, uncompressedLength: 123 })
    expect(content).toHaveLength(packFileSize([blob!]))
  })

  test('is closed after the blob that reaches the target size', () => {
    const builder = makeBuilder(10_000)
    const packs: FinishedPack[] = []
    for (let number = 0; number < 25; number++) packs.push(...add(builder, Buffer.alloc(1000, number)))
    expect(packs).toHaveLength(2)
    expect(packs.map(({ ids }) => ids.length / ID_BYTES)).toEqual([10, 10])
    packs.push(builder.finish()!)
    for (const pack of packs) expectValid(pack)
    expect(packs.flatMap(contentsOf).map((content) => content[0])).toEqual([...Array(25).keys()])
  })

  test('is closed before a blob that does not fit into it any more, which gets one of its own', () => {
    const builder = makeBuilder(64 * 1024)
    add(builder, Buffer.from('small'))
    const huge = Buffer.alloc(5 * MEBIBYTE, 'huge')
    const packs = add(builder, huge)
    expect(packs.map(({ ids }) => ids.length / ID_BYTES)).toEqual([1, 1])
    for (const pack of packs) expectValid(pack)
    expect(packs.flatMap(contentsOf).map(sha256)).toEqual([Buffer.from('small'), huge].map(sha256))
    expect(builder.finish()).toBeUndefined()
  })

  test('has room for its header, however small the blobs are', () => {
    const builder = makeBuilder(64 * 1024)
    const packs: FinishedPack[] = []
    for (let number = 0; number < 60_000; number++) {
      packs.push(...builder.add(sha256(Buffer.from(String(number))), Buffer.alloc(0), 0))
    }
    packs.push(...[builder.finish()].filter((pack) => pack !== undefined))
    for (const pack of packs) expect(pack.content).toHaveLength(packFileSize(blobsOf('data', pack.ids, pack.numbers)))
    expect(packs.reduce((sum, { ids }) => sum + ids.length / ID_BYTES, 0)).toBe(60_000)
  })

  test('never has more blobs than readers accept', () => {
    const builder = makeBuilder(128 * MEBIBYTE, false)
    const packs: FinishedPack[] = []
    const id = Buffer.alloc(ID_BYTES, 1)
    for (let number = 0; number < MAX_PACK_BLOBS + 1; number++) packs.push(...builder.add(id, Buffer.alloc(0), 0))
    packs.push(builder.finish()!)
    expect(packs.map(({ ids }) => ids.length / ID_BYTES)).toEqual([MAX_PACK_BLOBS, 1])
  })

  test('is not overwritten when its memory was given back and used again', () => {
    const builder = makeBuilder()
    add(builder, Buffer.from('first'))
    const first = builder.finish()!
    const kept = Buffer.from(first.content)
    builder.recycle(first.content.buffer)
    add(builder, Buffer.from('the second, longer one'))
    const second = builder.finish()!
    expect(second.content.buffer).toBe(first.content.buffer)
    expectValid(second)
    expectValid({ ...first, content: kept })
    builder.recycle(new ArrayBuffer(10))
    add(builder, Buffer.from('third'))
    expectValid(builder.finish()!)
  })

  test('is refused when encryption went wrong', () => {
    class FaultyCipher extends Cipher {
      override openInto(unit: Uint8Array, output: Buffer): Buffer {
        const plaintext = super.openInto(unit, output)
        plaintext[0]! ^= 1
        return plaintext
      }
    }
    const builder = new PackBuilder('data', new FaultyCipher(randomMasterKey()), { targetBytes: 1000, verify: true })
    expect(() => add(builder, Buffer.from('content'))).toThrow('does not decrypt to what was encrypted')
  })
})

describe('merged packs', () => {
  test('hold the blobs of all, in order, without being encrypted anew', () => {
    const contents = [['a', 'b'], ['c'], ['d', 'e', 'f']].map((texts) => texts.map((text) => Buffer.from(text)))
    const packs = contents.map((blobs) => {
      const builder = makeBuilder()
      for (const content of blobs) add(builder, content)
      return builder.finish()!
    })
    const merged = mergePacks(cipher, packs)
    expectValid(merged)
    expect(contentsOf(merged)).toEqual(contents.flat())
    const [first] = blobsOf('data', packs[0]!.ids, packs[0]!.numbers)
    expect(merged.content.subarray(0, first!.length)).toEqual(packs[0]!.content.subarray(0, first!.length))
  })

  test('may be a single one, and keep what is compressed', () => {
    const builder = new PackBuilder('tree', cipher, { targetBytes: 1000, verify: true })
    builder.add(Buffer.alloc(ID_BYTES, 1), Buffer.alloc(10), 123)
    const pack = builder.finish()!
    const merged = mergePacks(cipher, [pack])
    expect(blobsOf(merged.type, merged.ids, merged.numbers)).toEqual(blobsOf(pack.type, pack.ids, pack.numbers))
    expect(merged.type).toBe('tree')
    expect(merged.content).toHaveLength(pack.content.length)
  })

  test('have room for every header entry when they hold many empty blobs', () => {
    const packs = ['x', 'y'].map((name) => {
      const builder = makeBuilder(MEBIBYTE)
      for (let number = 0; number < 2000; number++) builder.add(sha256(Buffer.from(name + number)), Buffer.alloc(0), 0)
      return builder.finish()!
    })
    const merged = mergePacks(cipher, packs)
    expect(merged.ids).toHaveLength(4000 * ID_BYTES)
    expect(merged.content).toHaveLength(packFileSize(blobsOf('data', merged.ids, merged.numbers)))
  })
})
