import { readBody, type HttpResponse } from '../http/http-message.ts'
import type { Bucket } from './bucket.ts'
import { isRefusal } from './refusal.ts'

/** One request fetches at most so much; the rest of a longer file comes over other connections at the same time. */
const PART_BYTES = 32 * 1024 * 1024

/** Thrown when the object has fewer bytes than were asked for. */
export class RangePastEnd extends Error {
  override readonly name = 'RangePastEnd'
  readonly wantedEnd: number
  readonly size: number

  constructor(wantedEnd: number, size: number) {
    super(`bytes up to ${wantedEnd} were wanted of ${size}`)
    this.wantedEnd = wantedEnd
    this.size = size
  }
}

/**
 * Reads bytes of an object, in as few requests as possible: mostly one.
 *
 * @param length all up to the end when absent
 * @throws {RangePastEnd}
 */
export async function readObject(
  bucket: Bucket,
  key: string,
  { offset, length }: { readonly offset: number; readonly length: number | undefined },
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (length === 0) return await nothing(bucket, key, offset, signal)
  const first = await firstPart(bucket, key, offset, Math.min(length ?? Infinity, PART_BYTES), signal)
  if (first === undefined) return await nothing(bucket, key, length === undefined ? offset : offset + length, signal)
  const end = length === undefined ? first.size : offset + length
  if (end > first.size) {
    first.discard()
    throw new RangePastEnd(end, first.size)
  }
  if (end - offset <= PART_BYTES) return await first.read(end - offset)
  return await inParts(first, { offset, end }, async (from, to) => {
    const part = await getPart(bucket, key, from, to - from, signal)
    return await part.read(to - from)
  })
}

interface Part {
  /** Bytes of the whole object. */
  readonly size: number
  read(expectedBytes: number): Promise<Uint8Array>
  discard(): void
}

/** @returns undefined when the object has no byte at `offset` */
async function firstPart(
  bucket: Bucket,
  key: string,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Part | undefined> {
  try {
    return await getPart(bucket, key, offset, length, signal)
  } catch (error) {
    if (isRefusal(error, 416)) return undefined
    throw error
  }
}

async function getPart(
  bucket: Bucket,
  key: string,
  offset: number,
  length: number,
  signal: AbortSignal | undefined,
): Promise<Part> {
  const answer = await bucket.get(key, [offset, offset + length - 1], signal)
  const body = answer.Body as unknown as AsyncIterable<Uint8Array> & { destroy(): void }
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.ContentRange ?? '')
  const headers = answer.ContentLength === undefined ? {} : { 'content-length': String(answer.ContentLength) }
  const response: HttpResponse = { status: 206, headers, body }
  return {
    // A server may send a whole file for a range that covers it all.
    size: range ? Number(range[3]) : (answer.ContentLength ?? 0),
    read: (expectedBytes) => readBody(response, { expectedBytes }),
    discard: () => body.destroy(),
  }
}

/** An empty stretch that ends at `end`, which must not be past the end of the object. */
async function nothing(bucket: Bucket, key: string, end: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const size = await bucket.size(key, signal)
  if (end > size) throw new RangePastEnd(end, size)
  return new Uint8Array(0)
}

async function inParts(
  first: Part,
  { offset, end }: { readonly offset: number; readonly end: number },
  readPart: (from: number, to: number) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const whole = Buffer.allocUnsafeSlow(end - offset)
  const reads = [first.read(PART_BYTES).then((part) => whole.set(part, 0))]
  for (let from = offset + PART_BYTES; from < end; from += PART_BYTES) {
    reads.push(readPart(from, Math.min(from + PART_BYTES, end)).then((part) => whole.set(part, from - offset)))
  }
  const results = await Promise.allSettled(reads)
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return whole
}
