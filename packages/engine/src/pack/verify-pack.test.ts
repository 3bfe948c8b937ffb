import { describe, expect, test } from 'vitest'
import { compress } from '../compression/zstd.ts'
import { Cipher } from '../crypto/cipher.ts'
import { sha256, sha256Id } from '../crypto/hash.ts'
import { randomMasterKey } from '../crypto/kdf.ts'
import type { PackedBlob } from './blob.ts'
import { columnsOf } from './blob-columns.ts'
import { blobsOf, PackBuilder } from './pack-builder.ts'
import { PackVerifier } from './verify-pack.ts'

const cipher = new Cipher(randomMasterKey())
const verifier = new PackVerifier(cipher)

function makePack(): { id: ReturnType<typeof sha256Id>; content: Buffer; blobs: PackedBlob[] } {
  const builder = new PackBuilder('data', cipher, { targetBytes: 1024 * 1024, verify: true })
  for (const text of ['plain', 'a'.repeat(5000), 'b'.repeat(90_000)]) {
    const content = Buffer.from(text)
    const compressed = compress(content, 3)
    builder.add(sha256(content), compressed ?? content, compressed ? content.length : 0)
  }
  const { id, content, ids, numbers } = builder.finish()!
  return { id, content: Buffer.from(content), blobs: blobsOf('data', ids, numbers) }
}

describe('a pack', () => {
  test('that is whole has no problems', () => {
    const { id, content, blobs } = makePack()
    expect(blobs.map(({ uncompressedLength }) => uncompressedLength)).toEqual([0, 5000, 90_000])
    expect(verifier.verify(id, content, columnsOf(blobs))).toEqual({ problems: [], damagedBlobs: [] })
  })

  test('with a wrong bit in a blob loses that blob only', () => {
    const { id, content, blobs } = makePack()
    content[blobs[1]!.offset + 20]! ^= 1
    const { problems, damagedBlobs } = verifier.verify(id, content, columnsOf(blobs))
    expect(damagedBlobs).toEqual([1])
    expect(problems[0]).toBe('its content does not match its name')
    expect(problems[1]).toContain(`data blob ${blobs[1]!.id.slice(0, 8)}: the message authentication code`)
  })

  test('with a wrong bit at any place is never taken for whole, and never crashes', () => {
    const { id, content, blobs } = makePack()
    for (let at = 0; at < content.length; at++) {
      content[at]! ^= 0x10
      expect(verifier.verify(id, content, columnsOf(blobs)).problems).not.toEqual([])
      content[at]! ^= 0x10
    }
  })

  test('that is cut off at any length loses the blobs behind the cut', () => {
    const { id, content, blobs } = makePack()
    for (const length of [0, 3, 4, 36, blobs[1]!.offset + 1, content.length - 1]) {
      const { problems, damagedBlobs } = verifier.verify(id, content.subarray(0, length), columnsOf(blobs))
      expect(problems).not.toEqual([])
      expect(damagedBlobs).toEqual([...blobs.keys()].filter((at) => blobs[at]!.offset + blobs[at]!.length > length))
    }
  })

  test('under another name, or of another key, is refused', () => {
    const { id, content, blobs } = makePack()
    const other = sha256Id(Buffer.from('other'))
    expect(verifier.verify(other, content, columnsOf(blobs))).toEqual({
      problems: ['its content does not match its name'],
      damagedBlobs: [],
    })
    const stranger = new PackVerifier(new Cipher(randomMasterKey())).verify(id, content, columnsOf(blobs))
    expect(stranger.damagedBlobs).toEqual([0, 1, 2])
    expect(stranger.problems[0]).toContain('its header cannot be read')
  })
})

describe('an index that disagrees with the pack', () => {
  test.for<[string, (blobs: PackedBlob[]) => PackedBlob[], number[]]>([
    ['lists too few blobs', (blobs) => blobs.slice(0, 2), []],
    ['lists too many', (blobs) => [...blobs, { ...blobs[0]!, offset: 10_000_000 }], [3]],
    ['names another id', ([first, ...rest]) => [{ ...first!, id: sha256Id(Buffer.from('x')) }, ...rest], [0]],
    ['says tree for data', ([first, ...rest]) => [{ ...first!, type: 'tree' }, ...rest], []],
    [
      'forgot that a blob is compressed',
      ([first, second, third]) => [first!, { ...second!, uncompressedLength: 0 }, third!],
      [1],
    ],
    ['has a wrong length', ([first, second, third]) => [first!, { ...second!, length: 40 }, third!], [1]],
    ['has an impossible length', ([first, second, third]) => [first!, { ...second!, length: 3 }, third!], [1]],
    [
      'has a wrong uncompressed length',
      ([first, second, third]) => [first!, { ...second!, uncompressedLength: 5001 }, third!],
      [1],
    ],
  ])('%s', ([, change, damaged]) => {
    const { id, content, blobs } = makePack()
    const { problems, damagedBlobs } = verifier.verify(id, content, columnsOf(change(blobs)))
    expect(problems[0]).toMatch(/its header (lists|and the index disagree)/)
    expect(damagedBlobs).toEqual(damaged)
  })
})

test('of many damaged blobs only the first few are described', () => {
  const builder = new PackBuilder('data', cipher, { targetBytes: 1024 * 1024, verify: true })
  for (let number = 0; number < 100; number++) {
    const content = Buffer.from(`blob ${number}`)
    builder.add(sha256(content), content, 0)
  }
  const { id, content, ids, numbers } = builder.finish()!
  const blobs = blobsOf('data', ids, numbers)
  content.fill(0, 0, content.length)
  const { problems, damagedBlobs } = verifier.verify(id, content, columnsOf(blobs))
  expect(damagedBlobs).toHaveLength(100)
  expect(problems.length).toBeLessThan(10)
})
