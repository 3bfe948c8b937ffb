import { DamagedError } from '../errors.ts'
import { type BlobId, ID_BYTES, idFromBytes, type PackId } from '../ids.ts'
import { fieldsOf, listField, numberField, parseFields, requiredId } from '../json/fields.ts'
import type { BlobType, PackedBlob } from '../pack/blob.ts'
import { release } from '../pack/release.ts'
import { parseCanonicalIndex, type IndexColumns } from './canonical-index.ts'

/** A pack with everything that lies in it. */
export interface IndexedPack {
  readonly id: PackId
  readonly blobs: readonly PackedBlob[]
}

/** Receives what an index file says, in its order. */
export interface IndexSink {
  /** The blobs that follow lie in this pack. */
  pack(id: PackId): void
  /**
   * @param id 32 raw bytes, overwritten after the call
   * @param uncompressedLength 0: stored uncompressed
   */
  blob(type: BlobType, id: Uint8Array, offset: number, length: number, uncompressedLength: number): void
}

/** The plaintext of an index file (§8). */
export function encodeIndex(packs: Iterable<IndexedPack>): Buffer {
  const encoded = Array.from(packs, ({ id, blobs }) => `{"id":"${id}","blobs":[${blobs.map(encodeBlob).join(',')}]}`)
  return Buffer.from(`{"packs":[${encoded.join(',')}]}\n`, 'latin1')
}

/** Characters of text, which has many small parts, before they become bytes. */
const LONGEST_TEXT = 64 * 1024

/** Makes the plaintext of an index file piece by piece, from raw ids: 130 bytes for each blob, and no objects. */
export class IndexText implements IndexSink {
  #bytes = Buffer.allocUnsafeSlow(LONGEST_TEXT * 2)
  #used = 0
  #text = '{"packs":['
  #isFirstPack = true
  #isFirstBlob = true
  #blobs = 0

  /** So far. */
  get blobs(): number {
    return this.#blobs
  }

  pack(id: PackId): void {
    this.#text += `${this.#isFirstPack ? '' : ']},'}{"id":"${id}","blobs":[`
    this.#isFirstPack = false
    this.#isFirstBlob = true
  }

  blob(type: BlobType, raw: Uint8Array, offset: number, length: number, uncompressedLength: number): void {
    const id: BlobId = idFromBytes(raw)
    this.#text += (this.#isFirstBlob ? '' : ',') + encodeBlob({ type, id, offset, length, uncompressedLength })
    this.#isFirstBlob = false
    this.#blobs++
    if (this.#text.length >= LONGEST_TEXT) this.#flush()
  }

  /** All of it, in memory of its own. */
  finish(): Buffer<ArrayBuffer> {
    this.#text += `${this.#isFirstPack ? '' : ']}'}]}\n`
    this.#flush()
    return this.#bytes.subarray(0, this.#used)
  }

  #flush(): void {
    if (this.#used + this.#text.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + this.#text.length))
      larger.set(this.#bytes.subarray(0, this.#used))
      release(this.#bytes)
      this.#bytes = larger
    }
    this.#used += this.#bytes.write(this.#text, this.#used, 'latin1')
    this.#text = ''
  }
}

function encodeBlob({ type, id, offset, length, uncompressedLength }: PackedBlob): string {
  const uncompressed = uncompressedLength === 0 ? '' : `,"uncompressed_length":${uncompressedLength}`
  return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${uncompressed}}`
}

/** Bytes of an index file per blob: compressed in version 2 of the format, plain JSON in version 1. */
const STORED_BYTES_PER_BLOB = { 1: 110, 2: 40 }

/** How many blobs index files of these sizes list, about: to make room before they are loaded. */
export function estimateBlobs(files: readonly { readonly size: number }[], version: 1 | 2): number {
  return Math.ceil(files.reduce((sum, { size }) => sum + size, 0) / STORED_BYTES_PER_BLOB[version])
}

/**
 * Tells the sink what an index file says; nothing of it when the file is damaged. Unknown keys, among them `supersedes`,
 * are ignored; a pack or blob may come more than once.
 *
 * @param plaintext the decrypted and decompressed file
 * @throws {DamagedError} not an index
 */
export function decodeIndex(plaintext: Uint8Array, sink: IndexSink): void {
  const columns = parseCanonicalIndex(plaintext)
  if (columns === undefined) {
    reportPacks(parseAnyIndex(plaintext), sink)
    return
  }
  reportColumns(columns, sink)
  const { packIds, packEnds, blobIds, isTree, offsets, lengths, uncompressedLengths } = columns
  release(packIds, packEnds, blobIds, isTree, offsets, lengths, uncompressedLengths)
}

function reportColumns(columns: IndexColumns, sink: IndexSink): void {
  const idWords = new Uint32Array(columns.blobIds.buffer)
  const scratch = new Uint8Array(ID_BYTES)
  const scratchWords = new Uint32Array(scratch.buffer)
  const words = scratchWords.length
  let blob = 0
  for (let pack = 0; pack < columns.packs; pack++) {
    sink.pack(idFromBytes(columns.packIds, pack * ID_BYTES))
    for (const end = columns.packEnds[pack]!; blob < end; blob++) {
      for (let word = 0; word < words; word++) scratchWords[word] = idWords[blob * words + word]!
      const type = columns.isTree[blob] === 1 ? 'tree' : 'data'
      sink.blob(type, scratch, columns.offsets[blob]!, columns.lengths[blob]!, columns.uncompressedLengths[blob]!)
    }
  }
}

function reportPacks(packs: readonly IndexedPack[], sink: IndexSink): void {
  for (const { id, blobs } of packs) {
    sink.pack(id)
    for (const { type, id, offset, length, uncompressedLength } of blobs) {
      sink.blob(type, Buffer.from(id, 'hex'), offset, length, uncompressedLength)
    }
  }
}

const MAX_U32 = 0xffff_ffff

/** For indexes of other programs, or of other times. */
function parseAnyIndex(plaintext: Uint8Array): IndexedPack[] {
  const { packs } = parseFields(plaintext, 'the index file')
  return listField(packs, 'the list of packs in the index').map((value) => {
    const fields = fieldsOf(value, 'a pack in the index')
    const id: PackId = requiredId(fields['id'], 'a pack in the index')
    return { id, blobs: listField(fields['blobs'], 'the list of blobs in the index').map(readBlob) }
  })
}

function readBlob(value: unknown): PackedBlob {
  const fields = fieldsOf(value, 'a blob in the index')
  return {
    type: blobType(fields['type']),
    id: requiredId(fields['id'], 'a blob in the index'),
    offset: numberField(fields['offset'], 'the offset of a blob in the index', MAX_U32),
    length: numberField(fields['length'], 'the length of a blob in the index', MAX_U32),
    uncompressedLength: numberField(fields['uncompressed_length'], 'a length of a blob in the index', MAX_U32),
  }
}

function blobType(value: unknown): BlobType {
  if (value === 'data' || value === 'tree') return value
  throw new DamagedError('a blob in the index is neither data nor tree')
}
