import type { Id } from '../ids.ts'
import { ID_WORDS, idOfWords, wordsOfId } from './raw-id.ts'

const EMPTY = 0
const INITIAL_ROWS = 1024

/** A set of ids that numbers them from 0 in the order they come. An id costs 32 bytes and 8 to 16 bytes of hash slots. */
export class IdSet {
  #rows = 0
  #ids = new Uint32Array(INITIAL_ROWS * ID_WORDS)
  /** Open addressing with linear probing: row + 1, or 0. */
  #slots = new Uint32Array(INITIAL_ROWS * 2)

  get size(): number {
    return this.#rows
  }

  /** @returns whether it was not in the set before */
  add(id: Id): boolean {
    const before = this.#rows
    this.numberOf(id)
    return this.#rows > before
  }

  has(id: Id): boolean {
    return this.#slots[this.#slotOf(wordsOfId(id))] !== EMPTY
  }

  /** The number of an id, which is added when it is new. */
  numberOf(id: Id): number {
    const words = wordsOfId(id)
    let slot = this.#slotOf(words)
    if (this.#slots[slot] !== EMPTY) return this.#slots[slot]! - 1
    if ((this.#rows + 1) * 2 > this.#slots.length) {
      this.#grow()
      slot = this.#slotOf(words)
    }
    this.#ids.set(words, this.#rows * ID_WORDS)
    this.#slots[slot] = ++this.#rows
    return this.#rows - 1
  }

  /** In the order they came. */
  *[Symbol.iterator](): Generator<Id> {
    for (let row = 0; row < this.#rows; row++) yield idOfWords(this.#ids, row)
  }

  /** Where the id is, or where it belongs. */
  #slotOf(words: Uint32Array): number {
    const mask = this.#slots.length - 1
    let slot = words[0]! & mask
    while (this.#slots[slot] !== EMPTY && !this.#matches(this.#slots[slot]! - 1, words)) slot = (slot + 1) & mask
    return slot
  }

  #matches(row: number, words: Uint32Array): boolean {
    const start = row * ID_WORDS
    for (let word = 0; word < ID_WORDS; word++) if (this.#ids[start + word] !== words[word]) return false
    return true
  }

  #grow(): void {
    const ids = new Uint32Array(this.#ids.length * 2)
    ids.set(this.#ids)
    this.#ids = ids
    this.#slots = new Uint32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let row = 0; row < this.#rows; row++) {
      let slot = ids[row * ID_WORDS]! & mask
      while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask
      this.#slots[slot] = row + 1
    }
  }
}
