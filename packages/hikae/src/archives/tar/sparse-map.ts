import { ArchiveError, DAMAGED_HINT, UNPACK_HINT } from '../archive-error.ts'
import { BLOCK_BYTES, size as numberAt } from './header.ts'
import type { TarBytes } from './tar-bytes.ts'

/** A stretch of a file that is stored; between them are zeros. */
export interface Extent {
  /** In the file. */
  readonly offset: number
  readonly length: number
  /** In the archive. */
  readonly at: number
}

type Piece = readonly [offset: number, length: number]

/** A map is held in memory. */
const MOST_PIECES = 1_000_000
/** In the header block of GNU's old form: four pieces, and whether more blocks follow. */
const FIRST_AT = 386
const FIRST_PIECES = 4
const FIRST_MORE_AT = 482
const MORE_PIECES = 21
const MORE_MORE_AT = 504
const PIECE_BYTES = 24

/** GNU's old form: the map is in the header and in blocks after it. */
export async function oldSparseMap(
  bytes: TarBytes,
  block: Buffer,
  at: number,
): Promise<{ pieces: Piece[]; dataAt: number }> {
  const pieces = blockPieces(block, FIRST_AT, FIRST_PIECES)
  let dataAt = at
  for (let hasMore = block[FIRST_MORE_AT] !== 0; hasMore; dataAt += BLOCK_BYTES) {
    const extension = await bytes.read(dataAt, BLOCK_BYTES)
    pieces.push(...blockPieces(extension, 0, MORE_PIECES))
    refuseTooMany(pieces.length)
    hasMore = extension[MORE_MORE_AT] !== 0
  }
  return { pieces, dataAt }
}

function blockPieces(block: Buffer, at: number, count: number): Piece[] {
  const pieces: Piece[] = []
  for (let index = 0; index < count; index++) {
    const start = at + index * PIECE_BYTES
    if (block[start] === 0) break
    pieces.push([numberAt(block, start, 12), numberAt(block, start + 12, 12)])
  }
  return pieces
}

/** The form of pax 0.0 and 0.1: `offset,length,offset,length`. */
export function textSparseMap(map: string): Piece[] {
  const numbers = map.split(',').map(decimal)
  refuseTooMany(numbers.length / 2)
  return pairs(numbers)
}

/** The form of pax 1.0: decimal lines before the content, padded to a block. */
export async function leadingSparseMap(bytes: TarBytes, at: number): Promise<{ pieces: Piece[]; dataAt: number }> {
  const numbers: number[] = []
  let line = ''
  let dataAt = at
  for (let wanted = 1; numbers.length < wanted;) {
    const block = (await bytes.read(dataAt, BLOCK_BYTES)).toString('latin1')
    dataAt += BLOCK_BYTES
    const lines = (line + block).split('\n')
    line = lines.pop()!
    numbers.push(...lines.slice(0, wanted === 1 ? undefined : wanted - numbers.length).map(decimal))
    if (numbers.length > 0) {
      refuseTooMany(numbers[0]!)
      wanted = 1 + 2 * numbers[0]!
    }
  }
  return { pieces: pairs(numbers.slice(1, 1 + 2 * numbers[0]!)), dataAt }
}

/**
 * Where each stretch lies in the archive.
 *
 * @param stored bytes of content in the archive @param realSize of the file
 * @throws {ArchiveError} stretches overlap, leave the file, or are not what is stored
 */
export function placeExtents(pieces: readonly Piece[], dataAt: number, stored: number, realSize: number): Extent[] {
  const extents: Extent[] = []
  let end = 0
  let at = dataAt
  for (const [offset, length] of pieces) {
    if (offset < end || offset + length > realSize) throw senseless()
    if (length > 0) extents.push({ offset, length, at })
    end = offset + length
    at += length
  }
  if (at - dataAt !== stored) throw senseless()
  return extents
}

function pairs(numbers: readonly number[]): Piece[] {
  if (numbers.length % 2 !== 0) throw senseless()
  return Array.from({ length: numbers.length / 2 }, (_, index) => [numbers[index * 2]!, numbers[index * 2 + 1]!])
}

function decimal(text: string): number {
  const number = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(number)) return number
  throw senseless()
}

function refuseTooMany(pieces: number): void {
  if (pieces <= MOST_PIECES) return
  throw new ArchiveError(`a sparse file is in more than ${MOST_PIECES} pieces`, { hint: UNPACK_HINT })
}

function senseless(): ArchiveError {
  return new ArchiveError('the map of a sparse file makes no sense', { hint: DAMAGED_HINT })
}
