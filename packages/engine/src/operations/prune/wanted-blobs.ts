import type { PackId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import type { BlobColumns } from '../../pack/blob-columns.ts'
import type { UsedBlobs } from './used-blobs.ts'

/** The needed blobs that no kept pack has: each is handed out once, with the first of its packs (§19.5). */
export class WantedBlobs {
  readonly #index: BlobIndex
  /** 1 for a blob, named by the row of its first copy, that has not been handed out. */
  readonly #wanted: Uint8Array
  #rows: { starts: Uint32Array; rows: Uint32Array } | undefined
  #left = 0

  /** @param leaves whether a pack, by its number in the index, is going to be removed or repacked */
  constructor(index: BlobIndex, used: UsedBlobs, leaves: (packNumber: number) => boolean) {
    this.#index = index
    this.#wanted = new Uint8Array(index.size)
    const leaving = Uint8Array.from(index.packIds, (_, number) => (leaves(number) ? 1 : 0))
    for (let row = 0; row < index.size; row++) {
      if (leaving[index.packNumberAt(row)] === 1 && used.has(index.firstCopy(row)))
        this.#wanted[index.firstCopy(row)] = 1
    }
    for (let row = 0; row < index.size; row++) {
      if (leaving[index.packNumberAt(row)] === 0) this.#wanted[index.firstCopy(row)] = 0
    }
    for (const mark of this.#wanted) this.#left += mark
  }

  /** Blobs that have not been handed out. */
  get left(): number {
    return this.#left
  }

  /** The blobs to be taken from each of these packs. */
  *take(packNumbers: Iterable<number>): Generator<{ id: PackId; blobs: BlobColumns }> {
    const { starts, rows } = (this.#rows ??= this.#index.rowsByPack())
    for (const number of packNumbers) {
      const taken: number[] = []
      for (let at = starts[number]!; at < starts[number + 1]!; at++) {
        const row = rows[at]!
        const blob = this.#index.firstCopy(row)
        if (this.#wanted[blob] === 0) continue
        this.#wanted[blob] = 0
        this.#left--
        taken.push(row)
      }
      yield { id: this.#index.packIds[number]!, blobs: this.#index.columnsOf(Uint32Array.from(taken)) }
    }
  }
}
