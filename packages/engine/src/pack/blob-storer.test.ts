import { describe, expect, test } from 'vitest'
import { Cipher } from '../crypto/cipher.ts'
import { sha256 } from '../crypto/hash.ts'
import { randomMasterKey } from '../crypto/kdf.ts'
import { BlobTable } from '../index/blob-table.ts'
import { columnsOf } from './blob-columns.ts'
import type { BlobType } from './blob.ts'
import { addCounts, BlobStorer, emptyCounts, type RepositorySecrets, type StorerOptions } from './blob-storer.ts'
import { blobsOf, type FinishedPack } from './pack-builder.ts'
import { PackVerifier } from './verify-pack.ts'

const first: RepositorySecrets = { masterKey: randomMasterKey(), version: 2 }
const second: RepositorySecrets = { masterKey: randomMasterKey(), version: 2 }
const old: RepositorySecrets = { masterKey: randomMasterKey(), version: 1 }

interface Taken {
  readonly repository: number
  readonly pack: FinishedPack
  readonly fill: 'full' | 'partial'
}

function makeStorer(
  repositories: readonly RepositorySecrets[],
  options: Partial<StorerOptions> & { type?: BlobType; table?: BlobTable } = {},
): { storer: BlobStorer; taken: Taken[] } {
  const { type = 'data', table = BlobTable.create(100), ...rest } = options
  const taken: Taken[] = []
  const storer = new BlobStorer(
    type,
    table,
    repositories,
    { packSizeBytes: 100_000, level: 3, verify: true, ...rest },
    (repository, pack, fill) => taken.push({ repository, pack, fill }),
  )
  return { storer, taken }
}

function blobsIn({ pack }: Taken) {
  return blobsOf(pack.type, pack.ids, pack.numbers)
}

const text = Buffer.alloc(5000, 'text that compresses ')
const noise = sha256(Buffer.from('noise'))

describe('a storer', () => {
  test('returns the id of what it stores, and packs that prove right', () => {
    const { storer, taken } = makeStorer([first])
    expect(Buffer.from(storer.store(text))).toEqual(sha256(text))
    storer.store(noise)
    expect(taken).toEqual([])
    storer.flush()
    expect(taken).toMatchObject([{ repository: 0, fill: 'partial' }])
    const { pack } = taken[0]!
    const verdict = new PackVerifier(new Cipher(first.masterKey)).verify(
      pack.id,
      pack.content,
      columnsOf(blobsIn(taken[0]!)),
    )
    expect(verdict).toEqual({ problems: [], damagedBlobs: [] })
    expect(blobsIn(taken[0]!).map(({ uncompressedLength }) => uncompressedLength)).toEqual([5000, 0])
  })

  test('stores each blob once, and counts what it spared', () => {
    const { storer, taken } = makeStorer([first])
    for (let times = 0; times < 3; times++) storer.store(text)
    storer.flush()
    expect(blobsIn(taken[0]!)).toHaveLength(1)
    const counts = storer.takeCounts()
    const stored = blobsIn(taken[0]!)[0]!.length + 41
    expect(counts).toEqual({ blobs: [1], added: [5000], packed: [stored], deduplicated: 10_000 })
    expect(storer.takeCounts()).toEqual(emptyCounts(1))
  })

  test('hands over full packs at once, and nothing more when there is nothing left', () => {
    const { storer, taken } = makeStorer([first], { packSizeBytes: 5000, level: 0 })
    for (let number = 0; number < 4; number++) storer.store(Buffer.alloc(2500, number))
    expect(taken.map(({ fill }) => fill)).toEqual(['full', 'full'])
    storer.flush()
    expect(taken).toHaveLength(2)
  })

  test('stores in each repository what that one lacks, under its own key', () => {
    const table = BlobTable.create(100)
    makeStorer([first], { table }).storer.store(text)
    const { storer, taken } = makeStorer([first, second], { table })
    storer.store(text)
    storer.store(noise)
    storer.flush()
    expect(taken.map((one) => [one.repository, blobsIn(one).length])).toEqual([
      [0, 1],
      [1, 2],
    ])
    for (const [at, { masterKey }] of [first, second].entries()) {
      const { pack } = taken[at]!
      const verifier = new PackVerifier(new Cipher(masterKey))
      expect(verifier.verify(pack.id, pack.content, columnsOf(blobsIn(taken[at]!))).problems).toEqual([])
    }
    expect(storer.takeCounts()).toMatchObject({ blobs: [1, 2], added: [32, 5032] })
  })

  test('stores nothing more for a repository that was dropped, whatever waits', () => {
    const { storer, taken } = makeStorer([first, second])
    storer.store(text)
    storer.drop(0)
    storer.store(noise)
    storer.flush()
    expect(taken.map((one) => [one.repository, blobsIn(one).length])).toEqual([[1, 2]])
  })
})

describe('compression', () => {
  test('is off for data at level 0, but never for trees', () => {
    const lengthsOf = (type: BlobType): number[] => {
      const { storer, taken } = makeStorer([first], { type, level: 0 })
      storer.store(text)
      storer.flush()
      return blobsIn(taken[0]!).map(({ uncompressedLength }) => uncompressedLength)
    }
    expect(lengthsOf('data')).toEqual([0])
    expect(lengthsOf('tree')).toEqual([5000])
  })

  test('is not used in a repository of version 1, beside one of version 2', () => {
    const { storer, taken } = makeStorer([old, first], { type: 'tree' })
    storer.store(text)
    storer.flush()
    expect(taken.map((one) => blobsIn(one)[0]!.uncompressedLength)).toEqual([0, 5000])
  })
})

test('counts add up', () => {
  const sum = { blobs: [1, 2], added: [10, 20], packed: [5, 6], deduplicated: 7 }
  addCounts(sum, { blobs: [1, 0], added: [3, 0], packed: [2, 0], deduplicated: 1 })
  expect(sum).toEqual({ blobs: [2, 2], added: [13, 20], packed: [7, 6], deduplicated: 8 })
})
