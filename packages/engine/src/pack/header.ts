import { DamagedError } from '../errors.ts'
import { ID_BYTES, idFromBytes, type BlobId } from '../ids.ts'
import type { BlobType, PackedBlob } from './blob.ts'
import { blobAt, type BlobColumns, blobsInColumns, numbersAt } from './blob-columns.ts'

const CRYPTO_BYTES = 32
const LENGTH_BYTES = 4
const PLAIN_ENTRY_BYTES = 1 + 4 + ID_BYTES
const COMPRESSED_ENTRY_BYTES = PLAIN_ENTRY_BYTES + 4
const COMPRESSED = 2
const MAX_U32 = 0xffff_ffff

/** What a pack holds besides blobs and header entries: the header's encryption and the header's length (§7). */
export const PACK_OVERHEAD_BYTES = CRYPTO_BYTES + LENGTH_BYTES

/** The longest header that readers accept, encrypted, with the length field behind it. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024 + LENGTH_BYTES

/** A pack is closed at this many blobs, so that its header stays readable whatever its entries are. */
export const MAX_PACK_BLOBS = Math.floor((MAX_HEADER_BYTES - PACK_OVERHEAD_BYTES) / COMPRESSED_ENTRY_BYTES)

/** How many of a pack's last bytes to fetch at first: the whole header of most packs. */
export const HEADER_GUESS_BYTES = 15 * COMPRESSED_ENTRY_BYTES + PACK_OVERHEAD_BYTES

/** Bytes that a blob takes in the header's plaintext. */
export function headerEntryBytes(blob: Pick<PackedBlob, 'uncompressedLength'>): number {
  return blob.uncompressedLength === 0 ? PLAIN_ENTRY_BYTES : COMPRESSED_ENTRY_BYTES
}

/** The size in bytes that a pack of these blobs must have; any other size means that it is truncated or damaged (§7). */
export function packFileSize(blobs: Iterable<Pick<PackedBlob, 'length' | 'uncompressedLength'>>): number {
  let bytes = PACK_OVERHEAD_BYTES
  for (const blob of blobs) bytes += blob.length + headerEntryBytes(blob)
  return bytes
}

/**
 * The plaintext of a pack's header, in memory of its own.
 *
 * @param columns its blobs, without gaps
 */
export function encodeHeader(columns: BlobColumns): Buffer<ArrayBuffer> {
  const blobs = blobsInColumns(columns)
  if (blobs > MAX_PACK_BLOBS) throw new RangeError(`${blobs} blobs are too many for one pack`)
  let bytes = 0
  for (let at = 0; at < blobs; at++) bytes += headerEntryBytes(numbersAt(columns, at))
  const header = Buffer.allocUnsafeSlow(bytes)
  let position = 0
  let end = 0
  for (let at = 0; at < blobs; at++) {
    const blob = numbersAt(columns, at)
    if (blob.offset !== end) {
      throw new RangeError(`blob ${blobAt(columns, at).id} lies at ${blob.offset}, not at ${end}`)
    }
    end += blob.length
    const compressed = blob.uncompressedLength !== 0
    header[position] = (blob.type === 'tree' ? 1 : 0) + (compressed ? COMPRESSED : 0)
    position = header.writeUInt32LE(blob.length, position + 1)
    if (compressed) position = header.writeUInt32LE(blob.uncompressedLength, position)
    header.set(columns.ids.subarray(at * ID_BYTES, (at + 1) * ID_BYTES), position)
    position += ID_BYTES
  }
  return header
}

/** Whether a header says exactly this, byte for byte: what {@link decodeHeader} would find, without an object per blob. */
export function isHeaderOf(plaintext: Uint8Array, columns: BlobColumns): boolean {
  const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength)
  const blobs = blobsInColumns(columns)
  let position = 0
  let end = 0
  for (let at = 0; at < blobs; at++) {
    const { type, offset, length, uncompressedLength } = numbersAt(columns, at)
    const compressed = uncompressedLength !== 0
    const next = position + (compressed ? COMPRESSED_ENTRY_BYTES : PLAIN_ENTRY_BYTES)
    if (next > plaintext.length || offset !== end) return false
    if (plaintext[position] !== (type === 'tree' ? 1 : 0) + (compressed ? COMPRESSED : 0)) return false
    if (view.getUint32(position + 1, true) !== length) return false
    if (compressed && view.getUint32(position + 5, true) !== uncompressedLength) return false
    for (let byte = 0; byte < ID_BYTES; byte++) {
      if (plaintext[next - ID_BYTES + byte] !== columns.ids[at * ID_BYTES + byte]) return false
    }
    position = next
    end += length
  }
  return position === plaintext.length
}

/**
 * The blobs of a pack, in the order in which they lie in it, out of the decrypted header.
 *
 * @throws {DamagedError} an unknown type of entry, a length that cannot be, or an entry that is cut off
 */
export function decodeHeader(plaintext: Uint8Array): PackedBlob[] {
  const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength)
  const blobs: PackedBlob[] = []
  let position = 0
  let offset = 0
  while (position < plaintext.length) {
    const kind = view.getUint8(position)
    if (kind > 3) throw new DamagedError(`pack header: entry ${blobs.length} has the unknown type ${kind}`)
    const compressed = kind >= COMPRESSED
    const next = position + (compressed ? COMPRESSED_ENTRY_BYTES : PLAIN_ENTRY_BYTES)
    if (next > plaintext.length) throw new DamagedError(`pack header: entry ${blobs.length} is cut off`)
    const length = view.getUint32(position + 1, true)
    const uncompressedLength = compressed ? view.getUint32(position + 5, true) : 0
    if (length < CRYPTO_BYTES || offset + length > MAX_U32 || (compressed && uncompressedLength === 0)) {
      throw new DamagedError(`pack header: entry ${blobs.length} has impossible lengths (${length} bytes stored)`)
    }
    const type: BlobType = kind % 2 === 0 ? 'data' : 'tree'
    const id: BlobId = idFromBytes(plaintext, next - ID_BYTES)
    blobs.push({ type, id, offset, length, uncompressedLength })
    offset += length
    position = next
  }
  return blobs
}

/**
 * Where a pack's encrypted header begins.
 *
 * @param tail the pack's last bytes, at least four
 * @param packSize bytes of the whole pack
 * @throws {DamagedError} the length at the pack's end cannot be that of a header
 */
export function headerStart(tail: Uint8Array, packSize: number): number {
  if (tail.length < LENGTH_BYTES) throw new DamagedError(`pack of ${packSize} bytes is too short to be one`)
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  const length = view.getUint32(tail.length - LENGTH_BYTES, true)
  const start = packSize - LENGTH_BYTES - length
  if (length < CRYPTO_BYTES + PLAIN_ENTRY_BYTES || start < 0 || length + LENGTH_BYTES > MAX_HEADER_BYTES) {
    throw new DamagedError(`pack of ${packSize} bytes claims a header of ${length} bytes`)
  }
  return start
}
