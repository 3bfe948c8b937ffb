import { randomBytes } from 'node:crypto'
import { array, assert, asyncProperty, constantFrom, integer } from 'fast-check'
import { expect, test } from 'vitest'
import { CHUNK_PROFILES, type ChunkProfile } from './profile.ts'
import { createScanner } from './scanner.ts'
import { chunkStream } from './stream-chunker.ts'

const { standard, fine } = CHUNK_PROFILES
const small: ChunkProfile = { minimum: 1000, maximum: 5000, mask: 0x7ff, target: 0 }
const polynomial = 0x3da3358b4dc173n
const content = randomBytes(3 * 1024 * 1024)
// No larger than it must be, so that content is moved to the front often.
const scanners = new Map([small, fine].map((profile) => [profile, createScanner(polynomial, profile.maximum)]))
const whole = createScanner(polynomial, content.length)

test('chunks are the same in whatever pieces the content comes', async () => {
  const pieceLengths = array(integer({ min: 0, max: 700_000 }), { minLength: 1, maxLength: 8 })
  const oneOrMore = array(integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 })
  const lengths = integer({ min: 0, max: content.length })
  await assert(
    asyncProperty(constantFrom(small, fine), lengths, pieceLengths, oneOrMore, async (profile, length, big, tiny) => {
      const scanner = scanners.get(profile) ?? whole
      const expected = cut(profile, length)
      for (const pieces of [big, big.concat(tiny)]) {
        const chunks = await collect(chunkStream(inPieces(length, [...pieces, 1]), profile, scanner))
        expect(chunks.map((chunk) => chunk.length)).toEqual(expected)
        expect(Buffer.concat(chunks).equals(content.subarray(0, length))).toBe(true)
      }
    }),
    { numRuns: 40 },
  )
})

test('chunks have buffers of their own that can be transferred', async () => {
  const scanner = createScanner(polynomial, fine.maximum)
  const chunks = await collect(chunkStream(inPieces(400_000, [100_000]), fine, scanner))
  const copies = structuredClone(chunks, { transfer: chunks.map((chunk) => chunk.buffer) })
  expect(Buffer.concat(copies).equals(content.subarray(0, 400_000))).toBe(true)
  expect(chunks.every((chunk) => chunk.length === 0)).toBe(true)
})

test('pieces may be reused by the source once the next one is asked for', async () => {
  async function* reusing() {
    const piece = Buffer.alloc(1000)
    for (let at = 0; at < 200_000; at += piece.length) {
      content.copy(piece, 0, at, at + piece.length)
      yield piece
    }
  }
  const chunks = await collect(chunkStream(reusing(), small, createScanner(polynomial, 5000)))
  expect(Buffer.concat(chunks).equals(content.subarray(0, 200_000))).toBe(true)
})

test('no content gives no chunk', async () => {
  const scanner = createScanner(polynomial, fine.maximum)
  expect(await collect(chunkStream(inPieces(0, [1]), fine, scanner))).toEqual([])
})

test('a failing source fails the chunks, and its remains do not get into the next stream', async () => {
  const scanner = createScanner(polynomial, fine.maximum)
  async function* failing() {
    yield content.subarray(0, 50_000)
    throw new Error('the dump has stopped')
  }
  await expect(collect(chunkStream(failing(), fine, scanner))).rejects.toThrow('the dump has stopped')
  const chunks = await collect(chunkStream(inPieces(300_000, [7000]), fine, scanner))
  expect(chunks.map((chunk) => chunk.length)).toEqual(cut(fine, 300_000))
})

test('a buffer that cannot hold the largest chunk is refused', async () => {
  const scanner = createScanner(polynomial, fine.maximum)
  await expect(collect(chunkStream(inPieces(10, [10]), standard, scanner))).rejects.toThrow(RangeError)
})

async function* inPieces(length: number, pieceLengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < length; n++) {
    const end = Math.min(length, at + (pieceLengths[n % pieceLengths.length] ?? 1))
    yield content.subarray(at, end)
    at = end
  }
}

function cut(profile: ChunkProfile, length: number): number[] {
  content.copy(whole.buffer, 0, 0, length)
  const cuts: number[] = []
  whole.cutAll(profile, 0, length, true, cuts)
  return cuts.map((cut, n) => cut - (cuts[n - 1] ?? 0))
}

async function collect(chunks: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>[]> {
  const collected: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of chunks) collected.push(chunk)
  return collected
}
