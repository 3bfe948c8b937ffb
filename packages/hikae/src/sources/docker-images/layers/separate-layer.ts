import { ArchiveError } from '../../../archives/archive-error.ts'
import { ByteReader } from '../../../archives/byte-reader.ts'
import { BLOCK_BYTES, isZero, parseHeader, type TarHeader } from '../../../archives/tar/header.ts'
import { paxNumber, parsePaxRecords } from '../../../archives/tar/pax-records.ts'
import { encodeFrame } from './frames.ts'

const PIECE_BYTES = 256 * 1024
/** An extended header that is longer is not understood, and taken as it is. */
const LONGEST_EXTENSION = 1024 * 1024
/** Of members without content, before they are handed on. */
const MOST_HEADERS = 1000
const FILE_TYPES = ['0', '\0', '7', 'S']
const EXTENSION_TYPES = ['x', 'X', 'g', 'L', 'K']
const SIZE_IN_EXTENSION = ['x', 'X']

/**
 * Separates what the files of a layer contain from all that stands around it.
 *
 * What is not understood is taken for headers: the layer comes back byte for byte whatever is in it.
 *
 * @param archive the layer as a tar archive
 * @param onHeaders gets the headers in frames, in order; see `frames.ts`
 * @returns the contents, one after the other
 * @throws what reading the archive throws @throws what `onHeaders` throws
 */
export async function* separateLayer(
  archive: AsyncIterable<Uint8Array>,
  onHeaders: (frame: Buffer) => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new ByteReader(archive)
  try {
    let headers: Buffer[] = []
    let sizeFromExtension: number | undefined
    for (;;) {
      const block = await reader.upTo(BLOCK_BYTES)
      headers.push(block)
      const header = block.length === BLOCK_BYTES && !isZero(block) ? understood(block) : undefined
      if (!header) break
      if (EXTENSION_TYPES.includes(header.type)) {
        if (header.size > LONGEST_EXTENSION) break
        const extension = await reader.upTo(padded(header.size))
        headers.push(extension)
        if (SIZE_IN_EXTENSION.includes(header.type)) sizeFromExtension = sizeIn(extension.subarray(0, header.size))
        continue
      }
      const size = FILE_TYPES.includes(header.type) ? (sizeFromExtension ?? header.size) : 0
      sizeFromExtension = undefined
      if (size === 0 && headers.length < MOST_HEADERS) continue
      await onHeaders(encodeFrame(headers, size))
      headers = []
      yield* content(reader, size)
      headers.push(await reader.upTo(padded(size) - size))
    }
    await onHeaders(encodeFrame(headers, 0))
    // Frames are of the same length however the archive arrives: the same layer is always stored as the same bytes.
    for (let rest; (rest = await reader.upTo(PIECE_BYTES)).length > 0;) await onHeaders(encodeFrame([rest], 0))
  } finally {
    await reader.close()
  }
}

async function* content(reader: ByteReader, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let left = size; left > 0;) {
    const piece = await reader.some(Math.min(left, PIECE_BYTES))
    if (!piece) throw new ArchiveError('the archive of a layer ends too early')
    left -= piece.length
    yield piece
  }
}

function understood(block: Buffer): TarHeader | undefined {
  try {
    return parseHeader(block)
  } catch (error) {
    if (error instanceof ArchiveError) return undefined
    throw error
  }
}

function sizeIn(records: Buffer): number | undefined {
  try {
    return paxNumber(parsePaxRecords(records), 'size')
  } catch (error) {
    if (error instanceof ArchiveError) return undefined
    throw error
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
}
