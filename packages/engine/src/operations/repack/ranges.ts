import { type BlobColumns, blobsInColumns, columnsBetween, numbersAt } from '../../pack/blob-columns.ts'

/** A request costs about as much as this many bytes: what lies between two wanted blobs is fetched along. */
const LONGEST_GAP = 1024 * 1024
/** Bytes of one request; a larger blob has its own. */
const LONGEST_RANGE = 8 * 1024 * 1024

/** The wanted blobs of a pack in as few requests as is sensible. */
export function fetchRanges(blobs: BlobColumns): BlobColumns[] {
  const ranges: BlobColumns[] = []
  let first = 0
  let start = 0
  let end = 0
  for (let at = 0; at < blobsInColumns(blobs); at++) {
    const { offset, length } = numbersAt(blobs, at)
    const isNear = offset - end <= LONGEST_GAP && offset + length - start <= LONGEST_RANGE
    if (at > first && !isNear) {
      ranges.push(columnsBetween(blobs, first, at))
      first = at
    }
    if (at === first) start = offset
    end = Math.max(end, offset + length)
  }
  if (first < blobsInColumns(blobs)) ranges.push(columnsBetween(blobs, first, blobsInColumns(blobs)))
  return ranges
}

/** Where the blobs begin and how long the range is that they take, in bytes. */
export function extentOf(blobs: BlobColumns): { offset: number; length: number } {
  const { offset } = numbersAt(blobs, 0)
  let end = offset
  for (let at = 0; at < blobsInColumns(blobs); at++) {
    const blob = numbersAt(blobs, at)
    end = Math.max(end, blob.offset + blob.length)
  }
  return { offset, length: end - offset }
}
