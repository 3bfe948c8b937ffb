import type { PackId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import type { BlobColumns } from '../../pack/blob-columns.ts'

/** Wanted blobs that lie in one pack. */
export interface WantedPack {
  readonly id: PackId
  readonly blobs: BlobColumns
}

const MOST_BLOBS = 65_536
const MOST_BYTES = 1024 * 1024 * 1024

/** Blobs to be fetched from the packs of a repository in one go, as rows of its index: about 16 bytes per blob. */
export class WantedBlobs {
  readonly #index: BlobIndex
  /** By the number of the pack. */
  readonly #packs = new Map<number, number[]>()
  #size = 0
  /** Stored bytes. */
  #bytes = 0

  constructor(index: BlobIndex) {
    this.#index = index
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= MOST_BLOBS || this.#bytes >= MOST_BYTES
  }

  /** @param row one that was not added before */
  add(row: number): void {
    this.#size++
    this.#bytes += this.#index.lengthAt(row)
    const pack = this.#index.packNumberAt(row)
    const rows = this.#packs.get(pack)
    if (rows) rows.push(row)
    else this.#packs.set(pack, [row])
  }

  /** Made one at a time, when they are asked for. */
  *packs(): Generator<WantedPack> {
    for (const [number, rows] of this.#packs) {
      yield { id: this.#index.packIds[number]!, blobs: this.#index.columnsOf(Uint32Array.from(rows)) }
    }
  }

  *rows(): Generator<number> {
    for (const rows of this.#packs.values()) yield* rows
  }
}
