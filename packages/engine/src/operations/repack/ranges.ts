import { ID_BYTES } from '../../ids.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import type { BlobsSource } from '../../workers/blob-opener.ts'

/** A request costs about as much as this many bytes: what lies between two wanted blobs is fetched along. */
const LONGEST_GAP = 1024 * 1024
/** Bytes of one request; a larger blob has its own. */
const LONGEST_RANGE = 8 * 1024 * 1024

/** Blobs of one pack that are fetched with one request, by offset. */
export type BlobRange = readonly PackedBlob[]

/** The wanted blobs of a pack in as few requests as is sensible. */
export function fetchRanges(blobs: readonly PackedBlob[]): BlobRange[] {
  const ranges: PackedBlob[][] = []
  let start = 0
  let end = 0
  for (const blob of byOffset(blobs)) {
    const blobEnd = blob.offset + blob.length
    const current = ranges.at(-1)
    if (current && blob.offset - end <= LONGEST_GAP && blobEnd - start <= LONGEST_RANGE) {
      current.push(blob)
      end = Math.max(end, blobEnd)
    } else {
      ranges.push([blob])
      start = blob.offset
      end = blobEnd
    }
  }
  return ranges
}

export function byOffset(blobs: readonly PackedBlob[]): PackedBlob[] {
  return [...blobs].sort((a, b) => a.offset - b.offset)
}

/** Where the range begins and how long it is, in bytes. */
export function extentOf(range: BlobRange): { offset: number; length: number } {
  const offset = range[0]!.offset
  const end = range.reduce((last, blob) => Math.max(last, blob.offset + blob.length), offset)
  return { offset, length: end - offset }
}

/** The blobs of a range in the form in which they travel to a thread. */
export function packedForThread(range: BlobRange): Pick<BlobsSource, 'blobs' | 'ids'> {
  const ids = Buffer.allocUnsafeSlow(range.length * ID_BYTES)
  const blobs = new Uint32Array(range.length * 4)
  for (const [at, { type, id, offset, length, uncompressedLength }] of range.entries()) {
    ids.write(id, at * ID_BYTES, 'hex')
    blobs.set([offset, length, uncompressedLength, type === 'tree' ? 1 : 0], at * 4)
  }
  return { blobs, ids }
}
