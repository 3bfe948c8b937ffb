import { ID_BYTES, type BlobId, type PackId } from '../../ids.ts'
import type { BlobIndex, BlobLocation } from '../../index/blob-index.ts'
import { ID_WORDS, idOfWords, wordsOfId } from '../../index/raw-id.ts'
import { plaintextSize } from '../plaintext-size.ts'

const INITIAL_ROWS = 1024

/** The data blobs a restore needs, each once, with the copy to read: 52 bytes of columns and 8 to 16 of hash slots. */
export class NeededBlobs {
  #rows = 0
  #ids = new Uint32Array(INITIAL_ROWS * ID_WORDS)
  /** Pack, offset, length, uncompressed length, plain length. */
  #fields = new Uint32Array(INITIAL_ROWS * FIELDS)
  #slots = new Uint32Array(INITIAL_ROWS * 2)
  readonly #packIds: PackId[] = []
  readonly #packNumbers = new Map<PackId, number>()

  get count(): number {
    return this.#rows
  }

  get packCount(): number {
    return this.#packIds.length
  }

  /** @returns the blob's number, or undefined when it is in no index */
  add(id: BlobId, index: BlobIndex): number | undefined {
    const known = this.#find(wordsOfId(id))
    if (known !== -1) return known
    const location = index.find('data', id)
    if (!location) return undefined
    const row = this.#rows
    if ((row + 1) * ID_WORDS > this.#ids.length) this.#grow()
    this.#rows = row + 1
    this.#ids.set(wordsOfId(id), row * ID_WORDS)
    this.#fields.set(
      [
        this.#packNumber(location.pack),
        location.offset,
        location.length,
        location.uncompressedLength,
        plaintextSize(location),
      ],
      row * FIELDS,
    )
    this.#insert(row)
    return row
  }

  id(blob: number): BlobId {
    return idOfWords(this.#ids, blob)
  }

  /** The 32 bytes of the id, not to be changed. */
  rawId(blob: number): Uint8Array {
    return new Uint8Array(this.#ids.buffer, blob * ID_BYTES, ID_BYTES)
  }

  packNumber(blob: number): number {
    return this.#fields[blob * FIELDS]!
  }

  pack(packNumber: number): PackId {
    return this.#packIds[packNumber]!
  }

  offset(blob: number): number {
    return this.#fields[blob * FIELDS + 1]!
  }

  length(blob: number): number {
    return this.#fields[blob * FIELDS + 2]!
  }

  uncompressedLength(blob: number): number {
    return this.#fields[blob * FIELDS + 3]!
  }

  /** Bytes of content. */
  plainLength(blob: number): number {
    return this.#fields[blob * FIELDS + 4]!
  }

  location(blob: number): BlobLocation {
    return {
      pack: this.pack(this.packNumber(blob)),
      offset: this.offset(blob),
      length: this.length(blob),
      uncompressedLength: this.uncompressedLength(blob),
    }
  }

  #packNumber(pack: PackId): number {
    let number = this.#packNumbers.get(pack)
    if (number === undefined) {
      number = this.#packIds.push(pack) - 1
      this.#packNumbers.set(pack, number)
    }
    return number
  }

  #find(words: Uint32Array): number {
    const mask = this.#slots.length - 1
    for (let slot = words[0]! & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1
      if (this.#matches(row, words)) return row
    }
    return -1
  }

  #matches(row: number, words: Uint32Array): boolean {
    for (let word = 0; word < ID_WORDS; word++) if (this.#ids[row * ID_WORDS + word] !== words[word]) return false
    return true
  }

  #insert(row: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#ids[row * ID_WORDS]! & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = row + 1
  }

  #grow(): void {
    this.#ids = doubled(this.#ids)
    this.#fields = doubled(this.#fields)
    this.#slots = new Uint32Array(this.#slots.length * 2)
    for (let row = 0; row < this.#rows; row++) this.#insert(row)
  }
}

const FIELDS = 5

function doubled(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2)
  larger.set(column)
  return larger
}
