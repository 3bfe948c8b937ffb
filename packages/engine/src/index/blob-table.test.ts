import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { sha256, sha256Id } from '../crypto/hash.ts'
import { BlobTable } from './blob-table.ts'
import type { ClaimingWork } from './blob-table.test.worker.ts'
import { wordsOfBytes } from './raw-id.ts'

const wordsOf = (text: string) => wordsOfBytes(sha256(Buffer.from(text)))

describe('a table of blobs', () => {
  test('gives each blob to the first who claims it', () => {
    const table = BlobTable.create(10)
    expect(table.claim('data', wordsOf('a'), 1)).toBe(1)
    expect(table.claim('data', wordsOf('a'), 1)).toBe(0)
    expect(table.known('data', wordsOf('a'))).toBe(1)
    expect(table.known('data', wordsOf('b'))).toBe(0)
    expect(table.knownId('data', sha256Id(Buffer.from('a')))).toBe(1)
  })

  test('tells data from trees with the same bytes', () => {
    const table = BlobTable.create(10)
    expect(table.claim('data', wordsOf('a'), 1)).toBe(1)
    expect(table.known('tree', wordsOf('a'))).toBe(0)
    expect(table.claim('tree', wordsOf('a'), 1)).toBe(1)
  })

  test('counts for each repository on its own', () => {
    const table = BlobTable.create(10)
    expect(table.claim('data', wordsOf('a'), 0b001)).toBe(0b001)
    expect(table.claim('data', wordsOf('a'), 0b111)).toBe(0b110)
    expect(table.known('data', wordsOf('a'))).toBe(0b111)
    const everyRepository = 2 ** 30 - 1
    expect(table.claim('data', wordsOf('a'), everyRepository)).toBe(everyRepository & ~0b111)
    expect(table.known('data', wordsOf('a'))).toBe(everyRepository)
  })

  test('grows by segments when it is half full, and forgets nothing', () => {
    const table = BlobTable.create(1)
    const blobs = 100_000
    let [grown, claimed, missing] = [0, 0, 0]
    for (let number = 0; number < blobs; number++) {
      claimed += table.claim('data', wordsOf(`blob ${number}`), 1)
      if (number % 1000 === 0 && table.grow()) grown++
    }
    expect(grown).toBeGreaterThan(0)
    expect(table.segments).toHaveLength(grown + 1)
    expect(claimed).toBe(blobs)
    for (let number = 0; number < blobs; number++) {
      if (table.claim('data', wordsOf(`blob ${number}`), 0b11) !== 0b10) missing++
    }
    expect(missing).toBe(0)
    expect(table.known('data', wordsOf('another'))).toBe(0)
  })

  test('lets a thread that lacks the newest segment store twice, but never lose a blob', () => {
    const owner = BlobTable.create(1)
    const other = BlobTable.attach(owner.segments)
    let segment: SharedArrayBuffer | undefined
    for (let number = 0; segment === undefined; number++) {
      owner.claim('data', wordsOf(`old ${number}`), 1)
      segment = owner.grow()
    }
    owner.claim('data', wordsOf('new'), 1)
    expect(other.known('data', wordsOf('old 0'))).toBe(1)
    expect(other.claim('data', wordsOf('new'), 1)).toBe(1)
    other.attachSegment(segment)
    expect(other.claim('data', wordsOf('new'), 1)).toBe(0)
  })

  test('a full segment makes callers store, not wait', () => {
    const table = BlobTable.create(1)
    const slots = (table.segments[0]!.byteLength / 4 - 2) / 5
    let claimed = 0
    for (let number = 0; number < slots; number++) claimed += table.claim('data', wordsOf(`blob ${number}`), 1)
    expect(claimed).toBe(slots)
    expect(table.claim('data', wordsOf('one too many'), 1)).toBe(1)
    expect(table.claim('data', wordsOf('one too many'), 1)).toBe(1)
    expect(table.claim('data', wordsOf('blob 5'), 1)).toBe(0)
  })
})

async function claimInThreads(table: BlobTable, works: Pick<ClaimingWork, 'first' | 'last' | 'step' | 'mask'>[]) {
  const gate = new SharedArrayBuffer(8)
  const threads = works.map((work) => {
    const workerData: ClaimingWork = { segments: table.segments, gate, threads: works.length, ...work }
    return new Worker(new URL('blob-table.test.worker.ts', import.meta.url), { workerData })
  })
  return await Promise.all(
    threads.map(async (thread) => {
      const [won] = (await once(thread, 'message')) as [number[]]
      return won
    }),
  )
}

describe('several threads at once', () => {
  test('never claim a blob twice, and leave none unclaimed', async () => {
    const blobs = 40_000
    const table = BlobTable.create(blobs)
    // Steps that have no factor in common with the count: each thread goes through all blobs, in its own order.
    const results = await claimInThreads(
      table,
      [1, 3, 7, 11].map((step) => ({ first: 0, last: blobs, step, mask: 1 })),
    )
    const won = results.flat()
    expect(won).toHaveLength(blobs)
    expect(new Set(won).size).toBe(blobs)
    for (let number = 0; number < blobs; number += 111) {
      expect(table.known('data', wordsOf(`blob ${number}`))).toBe(1)
    }
  })

  test('in the same order, nose to nose, still never claim a blob twice', async () => {
    const blobs = 40_000
    const works = Array.from({ length: 4 }, () => ({ first: 0, last: blobs, step: 1, mask: 1 }))
    const results = await claimInThreads(BlobTable.create(blobs), works)
    expect(results.flat()).toHaveLength(blobs)
  })

  test('for different repositories each claim their own bit of every blob', async () => {
    const blobs = 20_000
    const table = BlobTable.create(blobs)
    const works = [0b001, 0b010, 0b100].map((mask, at) => ({ first: 0, last: blobs, step: [1, 3, 7][at]!, mask }))
    const results = await claimInThreads(table, works)
    expect(results.map((won) => won.length)).toEqual([blobs, blobs, blobs])
    for (let number = 0; number < blobs; number += 77) {
      expect(table.known('data', wordsOf(`blob ${number}`))).toBe(0b111)
    }
  })
})
