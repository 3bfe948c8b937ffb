import { ID_BYTES, idFromBytes } from '../ids.ts'
import type { PackedBlob } from './blob.ts'

/** In {@link BlobColumns.numbers}: offset, stored length, uncompressed length, and 1 for trees. */
const NUMBERS_PER_BLOB = 4

/** The blobs of one pack, by offset, in typed arrays: a pack of tiny blobs has a hundred thousand of them. */
export interface BlobColumns {
  /** 32 bytes per blob. */
  readonly ids: Uint8Array<ArrayBuffer>
  readonly numbers: Uint32Array<ArrayBuffer>
}

/** Room for that many blobs. */
export function emptyColumns(blobs: number): BlobColumns {
  return {
    ids: new Uint8Array(blobs * ID_BYTES),
    numbers: new Uint32Array(blobs * NUMBERS_PER_BLOB),
  }
}

export function blobsInColumns({ ids }: BlobColumns): number {
  return ids.length / ID_BYTES
}

/** Sets a blob's numbers; its id is copied to `ids` by the caller, who has it in a form of its own. */
export function setNumbers(
  { numbers }: BlobColumns,
  at: number,
  { type, offset, length, uncompressedLength }: Omit<PackedBlob, 'id'>,
): void {
  const first = at * NUMBERS_PER_BLOB
  numbers[first] = offset
  numbers[first + 1] = length
  numbers[first + 2] = uncompressedLength
  numbers[first + 3] = type === 'tree' ? 1 : 0
}

/** The blobs from number `start` up to `end`, in memory of their own. */
export function columnsBetween({ ids, numbers }: BlobColumns, start: number, end: number): BlobColumns {
  return {
    ids: ids.slice(start * ID_BYTES, end * ID_BYTES),
    numbers: numbers.slice(start * NUMBERS_PER_BLOB, end * NUMBERS_PER_BLOB),
  }
}

export function columnsOf(blobs: readonly PackedBlob[]): BlobColumns {
  const columns = emptyColumns(blobs.length)
  const ids = Buffer.from(columns.ids.buffer)
  for (const [at, blob] of blobs.entries()) {
    ids.write(blob.id, at * ID_BYTES, 'hex')
    setNumbers(columns, at, blob)
  }
  return columns
}

/** Without the id, which costs the most. */
export function numbersAt({ numbers }: BlobColumns, at: number): Omit<PackedBlob, 'id'> {
  const first = at * NUMBERS_PER_BLOB
  return {
    type: numbers[first + 3] === 1 ? 'tree' : 'data',
    offset: numbers[first]!,
    length: numbers[first + 1]!,
    uncompressedLength: numbers[first + 2]!,
  }
}

/** Those of {@link numbersAt}, one blob after the other. */
export function* numbersIn(columns: BlobColumns): Generator<Omit<PackedBlob, 'id'>> {
  for (let at = 0; at < blobsInColumns(columns); at++) yield numbersAt(columns, at)
}

export function blobAt(columns: BlobColumns, at: number): PackedBlob {
  return { id: idFromBytes(columns.ids, at * ID_BYTES), ...numbersAt(columns, at) }
}
