import { ID_BYTES } from '../ids.ts'

/** Everything in one index file, in columns: objects for half a million blobs would cost more than the parsing. */
export interface IndexColumns {
  readonly packs: number
  /** 32 bytes for each pack. */
  readonly packIds: Uint8Array<ArrayBuffer>
  /** For each pack: how many blobs belong to it and to those before it. */
  readonly packEnds: Uint32Array<ArrayBuffer>
  /** 32 bytes for each blob. */
  readonly blobIds: Uint8Array<ArrayBuffer>
  /** 1 for tree blobs, 0 for data. */
  readonly isTree: Uint8Array<ArrayBuffer>
  readonly offsets: Uint32Array<ArrayBuffer>
  readonly lengths: Uint32Array<ArrayBuffer>
  readonly uncompressedLengths: Uint32Array<ArrayBuffer>
}

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text))
const START = bytesOf('{"packs":[')
const END = bytesOf(']}')
const ID = bytesOf('{"id":"')
const BLOBS = bytesOf('","blobs":[')
const TYPE_DATA = bytesOf('","type":"data","offset":')
const TYPE_TREE = bytesOf('","type":"tree","offset":')
const LENGTH = bytesOf(',"length":')
const UNCOMPRESSED_LENGTH = bytesOf(',"uncompressed_length":')

const SHORTEST_PACK = ID.length + 64 + BLOBS.length + 2
const SHORTEST_BLOB = ID.length + 64 + TYPE_DATA.length + 1 + LENGTH.length + 2

const COMMA = 0x2c
const CLOSE_LIST = 0x5d
const CLOSE_OBJECT = 0x7d
const DIGIT_0 = 0x30
const LINE_FEED = 0x0a

const NOT_HEX = 0xff
const NIBBLES = new Uint8Array(256).fill(NOT_HEX)
for (const digits of ['0123456789abcdef', '0123456789ABCDEF']) {
  for (let value = 0; value < 16; value++) NIBBLES[digits.charCodeAt(value)] = value
}

/**
 * Reads an index file that is laid out exactly as restic writes it (§8). 50 000 blobs take about 13 ms, a quarter of
 * what JSON.parse and walking its objects need, and no memory besides the columns.
 *
 * @returns undefined at the first byte that deviates from that layout; it may still be a valid index
 */
export function parseCanonicalIndex(bytes: Uint8Array): IndexColumns | undefined {
  return new CanonicalIndexParser(bytes).parse()
}

class CanonicalIndexParser {
  readonly #bytes: Uint8Array
  #position = 0
  #blobs = 0
  readonly #blobIds: Uint8Array<ArrayBuffer>
  readonly #isTree: Uint8Array<ArrayBuffer>
  readonly #offsets: Uint32Array<ArrayBuffer>
  readonly #lengths: Uint32Array<ArrayBuffer>
  readonly #uncompressedLengths: Uint32Array<ArrayBuffer>

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    const atMost = Math.ceil(bytes.length / SHORTEST_BLOB)
    this.#blobIds = new Uint8Array(atMost * ID_BYTES)
    this.#isTree = new Uint8Array(atMost)
    this.#offsets = new Uint32Array(atMost)
    this.#lengths = new Uint32Array(atMost)
    this.#uncompressedLengths = new Uint32Array(atMost)
  }

  parse(): IndexColumns | undefined {
    const atMost = Math.ceil(this.#bytes.length / SHORTEST_PACK)
    const packIds = new Uint8Array(atMost * ID_BYTES)
    const packEnds = new Uint32Array(atMost)
    let packs = 0
    if (!this.#skip(START)) return undefined
    if (this.#bytes[this.#position] !== CLOSE_LIST) {
      do {
        if (!this.#skip(ID) || !this.#readId(packIds, packs) || !this.#skip(BLOBS)) return undefined
        if (!this.#readBlobs()) return undefined
        packEnds[packs++] = this.#blobs
      } while (this.#skipByte(COMMA))
    }
    if (!this.#skip(END)) return undefined
    this.#skipByte(LINE_FEED)
    if (this.#position !== this.#bytes.length) return undefined
    return {
      packs,
      packIds,
      packEnds,
      blobIds: this.#blobIds,
      isTree: this.#isTree,
      offsets: this.#offsets,
      lengths: this.#lengths,
      uncompressedLengths: this.#uncompressedLengths,
    }
  }

  /** From behind `"blobs":[` to behind the `]}` of the pack. */
  #readBlobs(): boolean {
    if (this.#bytes[this.#position] !== CLOSE_LIST) {
      do {
        if (!this.#readBlob()) return false
      } while (this.#skipByte(COMMA))
    }
    return this.#skip(END)
  }

  #readBlob(): boolean {
    const row = this.#blobs
    if (!this.#skip(ID) || !this.#readId(this.#blobIds, row)) return false
    if (!this.#skip(TYPE_DATA)) {
      if (!this.#skip(TYPE_TREE)) return false
      this.#isTree[row] = 1
    }
    const offset = this.#readNumber()
    if (offset < 0 || !this.#skip(LENGTH)) return false
    const length = this.#readNumber()
    const uncompressed = this.#skip(UNCOMPRESSED_LENGTH) ? this.#readNumber() : 0
    if (length < 0 || uncompressed < 0 || !this.#skipByte(CLOSE_OBJECT)) return false
    this.#offsets[row] = offset
    this.#lengths[row] = length
    this.#uncompressedLengths[row] = uncompressed
    this.#blobs++
    return true
  }

  #skip(literal: Uint8Array): boolean {
    const bytes = this.#bytes
    const start = this.#position
    for (let index = 0; index < literal.length; index++) {
      if (bytes[start + index] !== literal[index]) return false
    }
    this.#position = start + literal.length
    return true
  }

  #skipByte(byte: number): boolean {
    if (this.#bytes[this.#position] !== byte) return false
    this.#position++
    return true
  }

  #readId(column: Uint8Array, row: number): boolean {
    const bytes = this.#bytes
    const start = this.#position
    if (start + 2 * ID_BYTES > bytes.length) return false
    let seen = 0
    for (let from = start, to = row * ID_BYTES; from < start + 2 * ID_BYTES; from += 2, to++) {
      const high = NIBBLES[bytes[from]!]!
      const low = NIBBLES[bytes[from + 1]!]!
      seen |= high | low
      column[to] = (high << 4) | low
    }
    if (seen > 0xf) return false
    this.#position = start + 2 * ID_BYTES
    return true
  }

  /** @returns -1 when there is no number that JSON allows and 32 bits hold */
  #readNumber(): number {
    const bytes = this.#bytes
    const start = this.#position
    let position = start
    let value = 0
    for (; position < start + 11; position++) {
      const digit = bytes[position]! - DIGIT_0
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
    }
    const digits = position - start
    if (digits === 0 || value > 0xffff_ffff || (digits > 1 && bytes[start] === DIGIT_0)) return -1
    this.#position = position
    return value
  }
}
