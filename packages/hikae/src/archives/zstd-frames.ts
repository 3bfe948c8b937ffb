import { ArchiveError, DAMAGED_HINT } from './archive-error.ts'
import { ByteReader } from './byte-reader.ts'

const FRAME = 0xfd2f_b528
/** Of the sixteen numbers that begin a frame without content. */
const SKIPPABLE = 0x184d_2a50
const PIECE_BYTES = 64 * 1024

/** What the two kinds of a dictionary's and a size's length are, by the bits that say so (RFC 8878, 3.1.1.1). */
const DICTIONARY_BYTES = [0, 1, 2, 4] as const
const SIZE_BYTES = [0, 2, 4, 8] as const
const RAW_OR_COMPRESSED = [0, 2]
const REPEATED = 1

/**
 * The frames of a zstd stream, each as its bytes. Node's decoder stops after the first one, whatever follows; `pzstd` and
 * `cat` make files of several.
 *
 * @throws {ArchiveError} what stands there is no frame, or ends too early
 */
export async function* zstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<AsyncIterable<Uint8Array>> {
  const reader = new ByteReader(source)
  try {
    for (let magic = await reader.upTo(4); magic.length > 0; magic = await reader.upTo(4)) {
      const number = magic.length === 4 ? magic.readUInt32LE() : 0
      if (number === FRAME) yield frame(reader, magic)
      // oxlint-disable-next-line no-bitwise -- the last four bits are free
      else if ((number & ~0xf) >>> 0 === SKIPPABLE) await skip(reader)
      else throw new ArchiveError('something that is not zstd follows the compressed data', { hint: DAMAGED_HINT })
    }
  } finally {
    await reader.close()
  }
}

async function* frame(reader: ByteReader, magic: Buffer): AsyncGenerator<Uint8Array> {
  yield magic
  const descriptor = await exactly(reader, 1)
  yield descriptor
  const bits = descriptor[0]!
  const isSingle = (bits & 0x20) !== 0
  const sizeBytes = SIZE_BYTES[bits >> 6]! || (isSingle ? 1 : 0)
  yield await exactly(reader, (isSingle ? 0 : 1) + DICTIONARY_BYTES[bits & 3]! + sizeBytes)
  for (let isLast = false; !isLast;) {
    const header = await exactly(reader, 3)
    yield header
    const block = header.readUIntLE(0, 3)
    isLast = (block & 1) !== 0
    yield* blockContent(reader, (block >> 1) & 3, block >> 3)
  }
  if ((bits & 4) !== 0) yield await exactly(reader, 4)
}

async function* blockContent(reader: ByteReader, type: number, size: number): AsyncGenerator<Uint8Array> {
  if (type !== REPEATED && !RAW_OR_COMPRESSED.includes(type)) {
    throw new ArchiveError('the zstd data has a block of no known type', { hint: DAMAGED_HINT })
  }
  for (let missing = type === REPEATED ? 1 : size; missing > 0;) {
    const piece = await reader.some(Math.min(missing, PIECE_BYTES))
    if (!piece) throw endedEarly()
    missing -= piece.length
    yield piece
  }
}

async function skip(reader: ByteReader): Promise<void> {
  const length = await exactly(reader, 4)
  for (let missing = length.readUInt32LE(); missing > 0;) {
    const piece = await reader.some(missing)
    if (!piece) throw endedEarly()
    missing -= piece.length
  }
}

async function exactly(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.upTo(length)
  if (bytes.length < length) throw endedEarly()
  return bytes
}

function endedEarly(): ArchiveError {
  return new ArchiveError('the zstd data ends too early', { hint: DAMAGED_HINT })
}
