import { type Cipher, OVERHEAD } from '../crypto/cipher.ts'
import { sha256Id } from '../crypto/hash.ts'
import { DamagedError } from '../errors.ts'
import { ID_BYTES, idFromBytes, type PackId } from '../ids.ts'
import type { BlobType, PackedBlob } from './blob.ts'
import { type BlobColumns, emptyColumns, setNumbers } from './blob-columns.ts'
import { release } from './release.ts'
import { encodeHeader, headerEntryBytes, isHeaderOf, MAX_PACK_BLOBS, PACK_OVERHEAD_BYTES } from './header.ts'

/** A pack ready to be stored, in a form that moves between threads without being copied. */
export interface FinishedPack {
  readonly id: PackId
  readonly type: BlobType
  /** The file's bytes. */
  readonly content: Uint8Array<ArrayBuffer>
  /** 32 bytes per blob, in the order in which they lie in the pack. */
  readonly ids: Uint8Array<ArrayBuffer>
  /** Offset, stored length and uncompressed length of each blob. */
  readonly numbers: Uint32Array<ArrayBuffer>
}

const NUMBERS_PER_BLOB = 3
const INITIAL_BLOBS = 256
/** Beyond the target size, for the blob that reaches it and the header; a larger blob begins the next pack. */
const SPARE_ROOM_BYTES = 2 * 1024 * 1024
/** Scratch buffers grow in such steps. */
const SCRATCH_STEP_BYTES = 1024 * 1024

/** The target sizes restic accepts, in bytes (§7). */
export const PACK_SIZE_LIMITS = { minimum: 4 * 1024 * 1024, default: 16 * 1024 * 1024, maximum: 128 * 1024 * 1024 }

/** Fills one pack at a time with encrypted blobs of one type (§7), in memory. */
export class PackBuilder {
  readonly #type: BlobType
  readonly #targetBytes: number
  readonly #cipher: Cipher
  readonly #verify: boolean
  #content: Buffer<ArrayBuffer> | undefined
  #used = 0
  #headerBytes = 0
  #blobs = 0
  #ids = new Uint8Array(INITIAL_BLOBS * ID_BYTES)
  #numbers = new Uint32Array(INITIAL_BLOBS * NUMBERS_PER_BLOB)
  #scratch = Buffer.alloc(0)
  readonly #spare: Buffer<ArrayBuffer>[] = []

  /** @param options.verify decrypt each blob again and compare, before it leaves memory (§7) */
  constructor(type: BlobType, cipher: Cipher, options: { targetBytes: number; verify: boolean }) {
    this.#type = type
    this.#cipher = cipher
    this.#targetBytes = options.targetBytes
    this.#verify = options.verify
  }

  /**
   * Adds a blob.
   *
   * @param id 32 raw bytes
   * @param stored the plaintext, compressed when `uncompressedLength` is not 0
   * @returns the pack that this blob completed or did not fit into any more; more than one when a huge blob follows
   */
  add(id: Uint8Array, stored: Uint8Array, uncompressedLength: number): FinishedPack[] {
    const length = stored.length + OVERHEAD
    const finished = this.#makeRoom(length)
    this.#cipher.sealInto(stored, this.#content!, this.#used)
    if (this.#verify) this.#verifyUnit(stored, this.#used, length)
    return this.#added(id, length, uncompressedLength, finished)
  }

  /**
   * Adds a blob that is encrypted with the same key already: units do not depend on where they lie (§25.7).
   *
   * @param unit decrypted and compared with the id by the caller
   * @returns as {@link add}
   */
  addSealed(id: Uint8Array, unit: Uint8Array, uncompressedLength: number): FinishedPack[] {
    const finished = this.#makeRoom(unit.length)
    this.#content!.set(unit, this.#used)
    return this.#added(id, unit.length, uncompressedLength, finished)
  }

  #makeRoom(length: number): FinishedPack[] {
    const finished: FinishedPack[] = []
    if (this.#blobs > 0 && !this.#fits(length)) finished.push(this.finish()!)
    this.#content ??= this.#buffer(length)
    return finished
  }

  #added(id: Uint8Array, length: number, uncompressedLength: number, finished: FinishedPack[]): FinishedPack[] {
    this.#record(id, this.#used, length, uncompressedLength)
    this.#used += length
    if (this.#used >= this.#targetBytes || this.#blobs === MAX_PACK_BLOBS) finished.push(this.finish()!)
    return finished
  }

  /** Closes the pack being filled, however small; undefined when it is empty. */
  finish(): FinishedPack | undefined {
    const content = this.#content
    if (content === undefined || this.#blobs === 0) return undefined
    const ids = this.#ids.slice(0, this.#blobs * ID_BYTES)
    const numbers = this.#numbers.slice(0, this.#blobs * NUMBERS_PER_BLOB)
    const size = sealHeader(this.#cipher, content, this.#used, { type: this.#type, ids, numbers })
    const pack = { type: this.#type, content: content.subarray(0, size), ids, numbers }
    this.#content = undefined
    this.#used = 0
    this.#headerBytes = 0
    this.#blobs = 0
    return { id: sha256Id(pack.content), ...pack }
  }

  /** Gives the memory of a pack that has been stored back for the next one. */
  recycle(memory: ArrayBuffer): void {
    if (memory.byteLength === this.#capacity && this.#spare.length < 1) this.#spare.push(Buffer.from(memory))
    else memory.transfer(0)
  }

  get #capacity(): number {
    return this.#targetBytes + SPARE_ROOM_BYTES
  }

  #buffer(firstLength: number): Buffer<ArrayBuffer> {
    const needed = firstLength + 64 * 1024
    if (needed > this.#capacity) return Buffer.allocUnsafeSlow(needed)
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#capacity)
  }

  #fits(length: number): boolean {
    const header = this.#headerBytes + headerEntryBytes({ uncompressedLength: 1 }) + PACK_OVERHEAD_BYTES
    return this.#used + length + header <= this.#content!.length
  }

  #record(id: Uint8Array, offset: number, length: number, uncompressedLength: number): void {
    if (this.#blobs * ID_BYTES === this.#ids.length) {
      const ids = new Uint8Array(this.#ids.length * 2)
      ids.set(this.#ids)
      const numbers = new Uint32Array(this.#numbers.length * 2)
      numbers.set(this.#numbers)
      release(this.#ids, this.#numbers)
      this.#ids = ids
      this.#numbers = numbers
    }
    this.#ids.set(id, this.#blobs * ID_BYTES)
    const at = this.#blobs * NUMBERS_PER_BLOB
    this.#numbers[at] = offset
    this.#numbers[at + 1] = length
    this.#numbers[at + 2] = uncompressedLength
    this.#headerBytes += headerEntryBytes({ uncompressedLength })
    this.#blobs++
  }

  #verifyUnit(stored: Uint8Array, offset: number, length: number): void {
    this.#scratch = scratchOf(this.#scratch, stored.length)
    const opened = this.#cipher.openInto(this.#content!.subarray(offset, offset + length), this.#scratch)
    if (opened.equals(stored)) return
    throw new DamagedError('an encrypted blob does not decrypt to what was encrypted', {
      hint: 'nothing wrong was stored; this points at faulty memory or processor: test the machine',
    })
  }
}

/**
 * One pack of the blobs of several: encrypted units do not depend on where they lie, so they are copied as they are.
 *
 * @param packs of one type and one repository, together no larger than a pack may be
 */
export function mergePacks(cipher: Cipher, packs: readonly FinishedPack[]): FinishedPack {
  const ids = concatenated(packs.map((pack) => pack.ids))
  const numbers = new Uint32Array((ids.length / ID_BYTES) * NUMBERS_PER_BLOB)
  const content = Buffer.allocUnsafeSlow(packs.reduce((sum, pack) => sum + pack.content.length, 0))
  let used = 0
  let at = 0
  for (const pack of packs) {
    content.set(pack.content.subarray(0, bytesOfBlobs(pack)), used)
    for (let blob = 0; blob < pack.numbers.length; blob += NUMBERS_PER_BLOB, at += NUMBERS_PER_BLOB) {
      numbers[at] = pack.numbers[blob]! + used
      numbers[at + 1] = pack.numbers[blob + 1]!
      numbers[at + 2] = pack.numbers[blob + 2]!
    }
    used += bytesOfBlobs(pack)
  }
  const type = packs[0]!.type
  const size = sealHeader(cipher, content, used, { type, ids, numbers })
  const merged = content.subarray(0, size)
  return { id: sha256Id(merged), type, content: merged, ids, numbers }
}

/** Where the header begins. */
function bytesOfBlobs({ numbers }: FinishedPack): number {
  return numbers.at(-NUMBERS_PER_BLOB)! + numbers.at(-NUMBERS_PER_BLOB + 1)!
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Appends the encrypted header and its length; @returns the pack's size. */
function sealHeader(cipher: Cipher, content: Buffer, used: number, pack: PackBlobs): number {
  const blobs = columnsOf(pack)
  const header = encodeHeader(blobs)
  const length = cipher.sealInto(header, content, used)
  const reread = Buffer.allocUnsafeSlow(header.length)
  if (!isHeaderOf(cipher.openInto(content.subarray(used, used + length), reread), blobs)) {
    throw new DamagedError('a pack header cannot be read back', {
      hint: 'nothing wrong was stored; this points at faulty memory or processor: test the machine',
    })
  }
  release(header, reread, blobs.numbers)
  return content.writeUInt32LE(length, used + length)
}

/** `scratch` if it has that many bytes, else a new buffer that has. */
export function scratchOf(scratch: Buffer<ArrayBuffer>, bytes: number): Buffer<ArrayBuffer> {
  if (scratch.length >= bytes) return scratch
  return Buffer.allocUnsafeSlow(Math.ceil(bytes / SCRATCH_STEP_BYTES) * SCRATCH_STEP_BYTES)
}

type PackBlobs = Pick<FinishedPack, 'type' | 'ids' | 'numbers'>

export function blobsIn({ ids }: Pick<PackBlobs, 'ids'>): number {
  return ids.length / ID_BYTES
}

/** Calls back with each blob's raw id, offset, stored length and uncompressed length, in the order in which they lie. */
export function forEachBlob(
  pack: Pick<PackBlobs, 'ids' | 'numbers'>,
  callback: (id: Uint8Array, offset: number, length: number, uncompressedLength: number) => void,
): void {
  for (let blob = 0; blob < blobsIn(pack); blob++) {
    const id = pack.ids.subarray(blob * ID_BYTES, (blob + 1) * ID_BYTES)
    const at = blob * NUMBERS_PER_BLOB
    callback(id, pack.numbers[at]!, pack.numbers[at + 1]!, pack.numbers[at + 2]!)
  }
}

function columnsOf(pack: PackBlobs): BlobColumns {
  const { type, ids } = pack
  const { numbers } = emptyColumns(blobsIn(pack))
  let at = 0
  forEachBlob(pack, (_, offset, length, uncompressedLength) => {
    setNumbers({ ids, numbers }, at++, { type, offset, length, uncompressedLength })
  })
  return { ids, numbers }
}

/** The blobs of a finished pack as the index wants them. */
export function blobsOf(type: BlobType, ids: Uint8Array, numbers: Uint32Array): PackedBlob[] {
  return Array.from({ length: ids.length / ID_BYTES }, (_, blob) => ({
    type,
    id: idFromBytes(ids, blob * ID_BYTES),
    offset: numbers[blob * NUMBERS_PER_BLOB]!,
    length: numbers[blob * NUMBERS_PER_BLOB + 1]!,
    uncompressedLength: numbers[blob * NUMBERS_PER_BLOB + 2]!,
  }))
}
