import type { BlobId, PackId } from '../ids.ts'
import type { BlobType, PackedBlob } from '../pack/blob.ts'
import { type BlobColumns, emptyColumns, setNumbers } from '../pack/blob-columns.ts'
import { ID_WORDS, idOfWords, wordsOfBytes, wordsOfId } from './raw-id.ts'

/** Where one copy of a blob lies. Sizes in bytes; `uncompressedLength` is 0 for a blob stored uncompressed. */
export interface BlobLocation {
  readonly pack: PackId
  readonly offset: number
  readonly length: number
  readonly uncompressedLength: number
}

const EMPTY = 0
const INITIAL_ROWS = 1024
/** From here on columns grow in smaller steps: what is reserved and not needed would be tens of megabytes. */
const LARGE_ROWS = 1024 * 1024

/**
 * Which blob lies in which pack: all index files of a repository merged, in typed arrays. A blob costs 48 bytes of
 * columns and 8 to 16 bytes of hash slots; a pack about 150 bytes. Duplicates are kept, in the order they were added.
 */
export class BlobIndex {
  #rows = 0
  #ids = new Uint32Array(INITIAL_ROWS * ID_WORDS)
  /** Pack number shifted left by one; the low bit is set for trees. */
  #packs = new Uint32Array(INITIAL_ROWS)
  #offsets = new Uint32Array(INITIAL_ROWS)
  #lengths = new Uint32Array(INITIAL_ROWS)
  #uncompressed = new Uint32Array(INITIAL_ROWS)
  /** Open addressing with linear probing: row + 1, or 0. SHA-256 is its own hash function. */
  #slots = new Uint32Array(INITIAL_ROWS * 2)
  readonly #packIds: PackId[] = []
  readonly #packNumbers = new Map<PackId, number>()
  /** Where the last blob of each pack ends; its header follows. */
  readonly #packEnds: number[] = []

  /** Entries, duplicates counted. */
  get size(): number {
    return this.#rows
  }

  get packIds(): readonly PackId[] {
    return this.#packIds
  }

  hasPack(pack: PackId): boolean {
    return this.#packNumbers.has(pack)
  }

  /** Makes room for that many more blobs at once, which spares copies while loading. */
  reserve(blobs: number): void {
    const wanted = this.#rows + blobs
    if (wanted > this.#packs.length) this.#growColumns(wanted)
    if (wanted * 2 > this.#slots.length) this.#rebuildSlots(wanted)
  }

  /** Registers a pack; @returns its number for {@link addRaw}. */
  addPack(pack: PackId): number {
    const known = this.#packNumbers.get(pack)
    if (known !== undefined) return known
    const number = this.#packIds.push(pack) - 1
    this.#packEnds.push(0)
    this.#packNumbers.set(pack, number)
    return number
  }

  /** Bytes of the pack before its header; 0 for a pack that is not in the index. */
  endOfBlobs(pack: PackId): number {
    const number = this.#packNumbers.get(pack)
    return number === undefined ? 0 : this.#packEnds[number]!
  }

  /** Adds one blob whose id is 32 raw bytes. */
  addRaw(
    packNumber: number,
    type: BlobType,
    id: Uint8Array,
    offset: number,
    length: number,
    uncompressedLength: number,
  ): void {
    this.#addWords(packNumber, type, wordsOfBytes(id), offset, length, uncompressedLength)
  }

  add(pack: PackId, blobs: readonly PackedBlob[]): void {
    const number = this.addPack(pack)
    for (const { type, id, offset, length, uncompressedLength } of blobs) {
      this.#addWords(number, type, wordsOfId(id), offset, length, uncompressedLength)
    }
  }

  has(type: BlobType, id: BlobId): boolean {
    return this.#firstRow(type, wordsOfId(id)) !== -1
  }

  /** One copy of the blob, the first that was added. */
  find(type: BlobType, id: BlobId): BlobLocation | undefined {
    const row = this.#firstRow(type, wordsOfId(id))
    return row === -1 ? undefined : this.#location(row)
  }

  /** Every copy of the blob. */
  findAll(type: BlobType, id: BlobId): BlobLocation[] {
    const words = wordsOfId(id)
    const found: BlobLocation[] = []
    const mask = this.#slots.length - 1
    for (let slot = words[0]! & mask; this.#slots[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1
      if (this.#matches(row, type, words)) found.push(this.#location(row))
    }
    return found
  }

  /** The row of the first copy that was added, or -1. Rows are numbered from 0 to {@link size}. */
  rowOf(type: BlobType, id: BlobId): number {
    return this.#firstRow(type, wordsOfId(id))
  }

  /** The first row with the same blob as `row`: a number for the blob itself. */
  firstCopy(row: number): number {
    const mask = this.#slots.length - 1
    for (let slot = this.#ids[row * ID_WORDS]! & mask; ; slot = (slot + 1) & mask) {
      const other = this.#slots[slot]! - 1
      if (other === row || this.#isSameBlob(other, row)) return other
    }
  }

  /** Whether an earlier row says the same: several index files may name one pack (§8). */
  isRepeat(row: number): boolean {
    const mask = this.#slots.length - 1
    for (let slot = this.#ids[row * ID_WORDS]! & mask; ; slot = (slot + 1) & mask) {
      const other = this.#slots[slot]! - 1
      if (other === row) return false
      if (!this.#isSameBlob(other, row)) continue
      if (this.#packs[other] === this.#packs[row] && this.#offsets[other] === this.#offsets[row]) return true
    }
  }

  /** Position in {@link packIds} of the pack that the row is about. */
  packNumberAt(row: number): number {
    return this.#packs[row]! >>> 1
  }

  isTreeAt(row: number): boolean {
    return (this.#packs[row]! & 1) === 1
  }

  /** Bytes of the encrypted unit. */
  lengthAt(row: number): number {
    return this.#lengths[row]!
  }

  isCompressedAt(row: number): boolean {
    return this.#uncompressed[row] !== 0
  }

  blobAt(row: number): PackedBlob {
    return this.#blob(row)
  }

  /** All rows, pack by pack: those of pack `n` are at `starts[n]` up to `starts[n + 1]` of `rows`. */
  rowsByPack(): { starts: Uint32Array; rows: Uint32Array } {
    const starts = new Uint32Array(this.#packIds.length + 1)
    for (let row = 0; row < this.#rows; row++) starts[(this.#packs[row]! >>> 1) + 1]!++
    for (let pack = 1; pack < starts.length; pack++) starts[pack]! += starts[pack - 1]!
    const rows = new Uint32Array(this.#rows)
    const next = starts.slice()
    for (let row = 0; row < this.#rows; row++) rows[next[this.#packs[row]! >>> 1]!++] = row
    return { starts, rows }
  }

  /**
   * The blobs that rows of one pack are about, by offset; one that several rows say the same of comes once.
   *
   * @param rows of {@link rowsByPack}; they are put in order of the offsets
   */
  columnsOf(rows: Uint32Array): BlobColumns {
    // Most come in order, and sorting takes memory and time also then.
    if (!this.#isByOffset(rows)) rows.sort((a, b) => this.#offsets[a]! - this.#offsets[b]!)
    const kept = rows.filter((row, at) => !this.#isToldBefore(rows, at, row))
    const columns = emptyColumns(kept.length)
    const ids = new Uint32Array(columns.ids.buffer)
    for (const [at, row] of kept.entries()) {
      ids.set(this.#ids.subarray(row * ID_WORDS, (row + 1) * ID_WORDS), at * ID_WORDS)
      setNumbers(columns, at, {
        type: this.#typeOf(row),
        offset: this.#offsets[row]!,
        length: this.#lengths[row]!,
        uncompressedLength: this.#uncompressed[row]!,
      })
    }
    return columns
  }

  /** The blobs of each pack by offset, as the index files tell; packs in the order they were added. */
  *packs(): Generator<{ id: PackId; blobs: PackedBlob[] }> {
    const { starts, rows } = this.rowsByPack()
    for (const [number, id] of this.#packIds.entries()) {
      const blobs: PackedBlob[] = []
      for (let at = starts[number]!; at < starts[number + 1]!; at++) blobs.push(this.#blob(rows[at]!))
      yield { id, blobs: blobs.sort((a, b) => a.offset - b.offset) }
    }
  }

  /** Calls back once per entry with the raw id; the array is overwritten by the next call. */
  forEachId(callback: (type: BlobType, words: Uint32Array) => void): void {
    for (let row = 0; row < this.#rows; row++) {
      callback(this.#typeOf(row), this.#ids.subarray(row * ID_WORDS, (row + 1) * ID_WORDS))
    }
  }

  /** Every entry. */
  *blobs(): Generator<PackedBlob & { pack: PackId }> {
    for (let row = 0; row < this.#rows; row++) yield { ...this.#blob(row), pack: this.#packOf(row) }
  }

  #addWords(
    packNumber: number,
    type: BlobType,
    words: Uint32Array,
    offset: number,
    length: number,
    uncompressedLength: number,
  ): void {
    const row = this.#rows
    if (row === this.#packs.length) this.#growColumns(Math.ceil(row * (row < LARGE_ROWS ? 2 : 1.25)))
    if ((row + 1) * 2 > this.#slots.length) this.#rebuildSlots((row + 1) * 2)
    this.#rows = row + 1
    this.#ids.set(words, row * ID_WORDS)
    this.#packs[row] = (packNumber << 1) | (type === 'tree' ? 1 : 0)
    this.#offsets[row] = offset
    this.#lengths[row] = length
    this.#uncompressed[row] = uncompressedLength
    this.#packEnds[packNumber] = Math.max(this.#packEnds[packNumber]!, offset + length)
    this.#insertSlot(row)
  }

  #insertSlot(row: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#ids[row * ID_WORDS]! & mask
    while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask
    this.#slots[slot] = row + 1
  }

  #firstRow(type: BlobType, words: Uint32Array): number {
    const mask = this.#slots.length - 1
    for (let slot = words[0]! & mask; this.#slots[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1
      if (this.#matches(row, type, words)) return row
    }
    return -1
  }

  #matches(row: number, type: BlobType, words: Uint32Array): boolean {
    if ((this.#packs[row]! & 1) !== (type === 'tree' ? 1 : 0)) return false
    const start = row * ID_WORDS
    for (let word = 0; word < ID_WORDS; word++) if (this.#ids[start + word] !== words[word]) return false
    return true
  }

  #isSameBlob(a: number, b: number): boolean {
    if ((this.#packs[a]! & 1) !== (this.#packs[b]! & 1)) return false
    for (let word = 0; word < ID_WORDS; word++) {
      if (this.#ids[a * ID_WORDS + word] !== this.#ids[b * ID_WORDS + word]) return false
    }
    return true
  }

  #isByOffset(rows: Uint32Array): boolean {
    for (let at = 1; at < rows.length; at++) {
      if (this.#offsets[rows[at - 1]!]! > this.#offsets[rows[at]!]!) return false
    }
    return true
  }

  #isToldBefore(rows: Uint32Array, at: number, row: number): boolean {
    for (let before = at - 1; before >= 0 && this.#offsets[rows[before]!] === this.#offsets[row]; before--) {
      const other = rows[before]!
      const isSameLength = this.#lengths[other] === this.#lengths[row]
      if (isSameLength && this.#uncompressed[other] === this.#uncompressed[row] && this.#isSameBlob(other, row))
        return true
    }
    return false
  }

  #typeOf(row: number): BlobType {
    return (this.#packs[row]! & 1) === 1 ? 'tree' : 'data'
  }

  #packOf(row: number): PackId {
    return this.#packIds[this.#packs[row]! >>> 1]!
  }

  #location(row: number): BlobLocation {
    return {
      pack: this.#packOf(row),
      offset: this.#offsets[row]!,
      length: this.#lengths[row]!,
      uncompressedLength: this.#uncompressed[row]!,
    }
  }

  #blob(row: number): PackedBlob {
    return {
      type: this.#typeOf(row),
      id: idOfWords(this.#ids, row),
      offset: this.#offsets[row]!,
      length: this.#lengths[row]!,
      uncompressedLength: this.#uncompressed[row]!,
    }
  }

  #growColumns(rows: number): void {
    this.#ids = grown(this.#ids, rows * ID_WORDS)
    this.#packs = grown(this.#packs, rows)
    this.#offsets = grown(this.#offsets, rows)
    this.#lengths = grown(this.#lengths, rows)
    this.#uncompressed = grown(this.#uncompressed, rows)
  }

  #rebuildSlots(rows: number): void {
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(rows, INITIAL_ROWS) * 2)))
    for (let row = 0; row < this.#rows; row++) this.#insertSlot(row)
  }
}

function grown(column: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length)
  larger.set(column)
  return larger
}
