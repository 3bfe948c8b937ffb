import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { CHUNK_PROFILES, type ChunkProfile } from './profile.ts'
import { createScanner } from './scanner.ts'

const PAGE_BYTES = 8192
const scanner = createScanner(0x3da3358b4dc173n, 40 * 1024 * 1024)

test('fine chunks of random content have about 64 KiB', () => {
  const content = randomBytes(32 * 1024 * 1024)
  const mean = content.length / chunkIds(CHUNK_PROFILES.fine, content).size
  expect(mean).toBeGreaterThan(56 * 1024)
  expect(mean).toBeLessThan(72 * 1024)
})

test('database pages that are moved by an insertion in front are found again by fine, and not by standard', () => {
  const pages = databasePages(4096)
  const moved = Buffer.concat([randomBytes(123_456), pages])
  expect(storedAgain(CHUNK_PROFILES.fine, pages, moved)).toBeLessThan(1024 * 1024)
  expect(storedAgain(CHUNK_PROFILES.standard, pages, moved)).toBeGreaterThan(pages.length * 0.95)
})

test('with target 0, which zeros meet, fine would lose its place when single pages change', () => {
  const pages = databasePages(4096)
  const changed = Buffer.from(pages)
  for (let page = 50; page < 4096; page += 101) randomBytes(PAGE_BYTES).copy(changed, page * PAGE_BYTES)
  const stored = storedAgain(CHUNK_PROFILES.fine, pages, changed)
  expect(stored).toBeLessThan(8 * 1024 * 1024)
  expect(storedAgain({ ...CHUNK_PROFILES.fine, target: 0 }, pages, changed)).toBeGreaterThan(2 * stored)
})

/** Random content with 100 zero bytes in the free space of each page. */
function databasePages(count: number): Buffer {
  const pages = randomBytes(count * PAGE_BYTES)
  for (let page = 0; page < count; page++) pages.fill(0, page * PAGE_BYTES + 400, page * PAGE_BYTES + 500)
  return pages
}

/** Bytes in the chunks of `after` that `before` does not have. */
function storedAgain(profile: ChunkProfile, before: Buffer, after: Buffer): number {
  const known = chunkIds(profile, before)
  let bytes = 0
  for (const [id, length] of chunkIds(profile, after)) if (!known.has(id)) bytes += length
  return bytes
}

/** The length of each different chunk. */
function chunkIds(profile: ChunkProfile, content: Buffer): Map<string, number> {
  content.copy(scanner.buffer)
  const cuts: number[] = []
  scanner.cutAll(profile, 0, content.length, true, cuts)
  const chunks = cuts.map((cut, n) => content.subarray(cuts[n - 1] ?? 0, cut))
  return new Map(chunks.map((chunk) => [createHash('sha256').update(chunk).digest('hex'), chunk.length]))
}
