import type { BlobId } from '../ids.ts'
import type { BlobType } from '../pack/blob.ts'
import { wordsOfId } from './raw-id.ts'

/** Words per slot: 16 bytes of the id, and which repositories have the blob. */
const SLOT_WORDS = 5
const STATE = 4
const HEADER_WORDS = 2
const COUNT = 0
/** A slot whose id is just being written by another thread. */
const BUSY = 0x8000_0000
/** Set with the repository bits, so that a slot in use is never 0. */
const USED = 0x4000_0000

/** Slots of the first segment: most runs never need another. */
const SMALLEST_SEGMENT = 2 ** 17

/** Repositories one run can write to: the bits left in a slot's state. */
export const MAXIMUM_REPOSITORIES = 30

/**
 * The set of blobs each repository of a run is known to have, shared by all threads and without locks. It may only be
 * added to. Of an id 128 bits are kept: a false match is as unlikely as breaking AES-128.
 *
 * It grows by segments, each twice as large as the one before: only the owner adds one ({@link BlobTable.grow}) and tells the other threads
 * ({@link BlobTable.attach}). A thread that does not know the newest segment yet may store a blob twice, which the format allows.
 */
export class BlobTable {
  readonly #segments: Int32Array[]

  private constructor(segments: Int32Array[]) {
    this.#segments = segments
  }

  /** A new table with room for that many blobs before it has to grow. */
  static create(blobs: number): BlobTable {
    const table = new BlobTable([])
    table.#addSegment(blobs)
    return table
  }

  /** The table of another thread. */
  static attach(segments: readonly SharedArrayBuffer[]): BlobTable {
    return new BlobTable(segments.map((segment) => new Int32Array(segment)))
  }

  /** What other threads need for {@link BlobTable.attach}. */
  get segments(): SharedArrayBuffer[] {
    return this.#segments.map((segment) => segment.buffer as SharedArrayBuffer)
  }

  /** Adds a segment that {@link BlobTable.grow} made in another thread. */
  attachSegment(segment: SharedArrayBuffer): void {
    this.#segments.push(new Int32Array(segment))
  }

  /** Adds room when the newest segment is half full; @returns the new segment for the other threads. */
  grow(): SharedArrayBuffer | undefined {
    const newest = this.#segments.at(-1)!
    const capacity = capacityOf(newest)
    if (Atomics.load(newest, COUNT) * 2 < capacity) return undefined
    return this.#addSegment(capacity)
  }

  /**
   * Says that the repositories in `mask` are about to have the blob.
   *
   * @param words the eight words of the raw id
   * @returns the bits of `mask` that were not set before: the repositories the caller must now store the blob in
   */
  claim(type: BlobType, words: Uint32Array, mask: number): number {
    const first = firstWord(type, words)
    let claimed = mask
    for (let index = 0; index < this.#segments.length - 1; index++) {
      claimed &= ~stateOf(this.#segments[index]!, first, words)
      if (claimed === 0) return 0
    }
    return claimIn(this.#segments.at(-1)!, first, words, claimed)
  }

  /** The repositories, as a mask, that have the blob or are about to. */
  known(type: BlobType, words: Uint32Array): number {
    const first = firstWord(type, words)
    let mask = 0
    for (const segment of this.#segments) mask |= stateOf(segment, first, words)
    return mask & ~USED
  }

  /** As {@link BlobTable.known} for an id in hex. */
  knownId(type: BlobType, id: BlobId): number {
    return this.known(type, wordsOfId(id))
  }

  #addSegment(blobs: number): SharedArrayBuffer {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(blobs * 3, SMALLEST_SEGMENT)))
    const segment = new SharedArrayBuffer((HEADER_WORDS + capacity * SLOT_WORDS) * 4)
    this.#segments.push(new Int32Array(segment))
    return segment
  }
}

/** The same bytes may be a data blob and a tree blob: the type is part of the key. */
function firstWord(type: BlobType, words: Uint32Array): number {
  return (type === 'tree' ? words[0]! ^ 0x9e37_79b9 : words[0]!) | 0
}

function capacityOf(segment: Int32Array): number {
  return (segment.length - HEADER_WORDS) / SLOT_WORDS
}

function stateOf(segment: Int32Array, first: number, words: Uint32Array): number {
  const capacity = capacityOf(segment)
  for (let slot = first & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
    const at = HEADER_WORDS + slot * SLOT_WORDS
    const state = settled(segment, at + STATE)
    if (state === 0) return 0
    if (sameId(segment, at, first, words)) return state
  }
}

function claimIn(segment: Int32Array, first: number, words: Uint32Array, mask: number): number {
  const capacity = capacityOf(segment)
  // Never filled up: probing ends at an empty slot, and in a full table that is nowhere near.
  const hasRoom = Atomics.load(segment, COUNT) * 4 < capacity * 3
  for (let slot = first & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
    const at = HEADER_WORDS + slot * SLOT_WORDS
    let state = settled(segment, at + STATE)
    if (state === 0) {
      // The caller stores the blob, perhaps a second time; the owner has long been asked for more room.
      if (!hasRoom) return mask
      if (Atomics.compareExchange(segment, at + STATE, 0, BUSY | 0) === 0) {
        segment[at] = first
        segment[at + 1] = words[1]! | 0
        segment[at + 2] = words[2]! | 0
        segment[at + 3] = words[3]! | 0
        Atomics.add(segment, COUNT, 1)
        Atomics.store(segment, at + STATE, USED | mask)
        return mask
      }
      state = settled(segment, at + STATE)
    }
    if (sameId(segment, at, first, words)) return mask & ~Atomics.or(segment, at + STATE, mask)
  }
}

/** Waits the few instructions that another thread needs to write an id. */
function settled(segment: Int32Array, at: number): number {
  let state = Atomics.load(segment, at)
  while ((state & BUSY) !== 0) state = Atomics.load(segment, at)
  return state
}

function sameId(segment: Int32Array, at: number, first: number, words: Uint32Array): boolean {
  return (
    segment[at] === first &&
    segment[at + 1] === (words[1]! | 0) &&
    segment[at + 2] === (words[2]! | 0) &&
    segment[at + 3] === (words[3]! | 0)
  )
}
