import { OVERHEAD } from '../../crypto/cipher.ts'
import type { PackId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import { headerEntryBytes, PACK_OVERHEAD_BYTES } from '../../pack/header.ts'
import type { UsedBlobs } from './used-blobs.ts'

/** What the index says of a pack, in the light of what is needed. Sizes in bytes of the pack. */
export interface PackFacts {
  readonly id: PackId
  /** Position in the index's list of packs. */
  readonly number: number
  readonly type: 'data' | 'tree' | 'mixed'
  readonly usedBlobs: number
  readonly unusedBlobs: number
  /** The header counts as used. */
  readonly usedBytes: number
  readonly unusedBytes: number
  /** Unused blobs that are needed, and taken from another pack. */
  readonly duplicates: number
  readonly hasUncompressed: boolean
}

/** Counts and bytes of all blobs that the index names. Each needed blob has one used copy; the others are duplicates. */
export interface BlobTotals {
  readonly used: { readonly blobs: number; readonly bytes: number }
  readonly duplicate: { readonly blobs: number; readonly bytes: number }
  readonly unused: { readonly blobs: number; readonly bytes: number }
}

export interface GatheredFacts {
  readonly packs: PackFacts[]
  readonly totals: BlobTotals
  /** Several index files say the same of a pack, as after a prune that was killed while it replaced them. */
  readonly hasRepeats: boolean
}

const TYPES = ['data', 'data', 'tree', 'mixed'] as const

/** Chosen already, or never was a duplicate. */
const SETTLED = 1
/** Of the copies only the last is left: it has to be the one. */
const LAST = 0

/**
 * Sums up every pack, and chooses which copy of each needed blob counts as used (§19.1): one in a pack that has used blobs
 * anyway, or in a pack of nothing but such copies, as an interrupted prune leaves it; else the last one.
 */
export function gatherPackFacts(index: BlobIndex, used: UsedBlobs): GatheredFacts {
  return new PackSums(index, used).gather()
}

class PackSums {
  readonly #index: BlobIndex
  readonly #used: UsedBlobs
  readonly #copies: Uint8Array
  readonly #usedBlobs: Uint32Array
  readonly #unusedBlobs: Uint32Array
  readonly #duplicates: Uint32Array
  readonly #usedBytes: Float64Array
  readonly #unusedBytes: Float64Array
  /** 1: data, 2: tree, 3: both. */
  readonly #types: Uint8Array
  readonly #uncompressed: Uint8Array
  #hasDuplicates = false
  readonly #totals = {
    used: { blobs: 0, bytes: 0 },
    duplicate: { blobs: 0, bytes: 0 },
    unused: { blobs: 0, bytes: 0 },
  }

  constructor(index: BlobIndex, used: UsedBlobs) {
    const packs = index.packIds.length
    this.#index = index
    this.#used = used
    this.#copies = used.countCopies()
    this.#usedBlobs = new Uint32Array(packs)
    this.#unusedBlobs = new Uint32Array(packs)
    this.#duplicates = new Uint32Array(packs)
    this.#usedBytes = new Float64Array(packs).fill(PACK_OVERHEAD_BYTES)
    this.#unusedBytes = new Float64Array(packs)
    this.#types = new Uint8Array(packs)
    this.#uncompressed = new Uint8Array(packs)
  }

  gather(): GatheredFacts {
    let hasRepeats = false
    for (let row = 0; row < this.#index.size; row++) {
      if (this.#index.isRepeat(row)) hasRepeats = true
      else this.#count(row)
    }
    if (this.#hasDuplicates) {
      for (let row = 0; row < this.#index.size; row++) if (!this.#index.isRepeat(row)) this.#choose(row)
    }
    const packs = this.#index.packIds.map((id, number) => this.#facts(id, number))
    return { packs, totals: this.#totals, hasRepeats }
  }

  #count(row: number): void {
    const index = this.#index
    const pack = index.packNumberAt(row)
    const bytes = index.lengthAt(row)
    const copies = this.#copies[index.firstCopy(row)]!
    this.#types[pack]! |= index.isTreeAt(row) ? 2 : 1
    // An empty blob cannot be told from an uncompressed one, and cannot be compressed (§7).
    if (!index.isCompressedAt(row) && bytes > OVERHEAD) this.#uncompressed[pack] = 1
    this.#usedBytes[pack]! += headerEntryBytes({ uncompressedLength: index.isCompressedAt(row) ? 1 : 0 })
    if (copies === 1) {
      this.#usedBlobs[pack]!++
      this.#usedBytes[pack]! += bytes
      this.#add('used', 1, bytes)
      return
    }
    // One copy of a duplicate is turned into the used one later.
    this.#unusedBlobs[pack]!++
    this.#unusedBytes[pack]! += bytes
    this.#add(copies === 0 ? 'unused' : 'duplicate', 1, bytes)
    if (copies === 0) return
    this.#duplicates[pack]!++
    this.#hasDuplicates = true
  }

  #choose(row: number): void {
    const blob = this.#index.firstCopy(row)
    if (!this.#used.has(blob)) return
    const copies = this.#copies[blob]!
    if (copies === SETTLED) return
    const pack = this.#index.packNumberAt(row)
    const isOnlyCopies = this.#duplicates[pack] === this.#unusedBlobs[pack]
    if (this.#usedBlobs[pack]! > 0 || isOnlyCopies || copies === LAST) {
      const bytes = this.#index.lengthAt(row)
      this.#usedBlobs[pack]!++
      this.#usedBytes[pack]! += bytes
      this.#unusedBlobs[pack]!--
      this.#unusedBytes[pack]! -= bytes
      this.#duplicates[pack]!--
      this.#add('used', 1, bytes)
      this.#add('duplicate', -1, -bytes)
      this.#copies[blob] = SETTLED
      return
    }
    this.#copies[blob] = copies === 2 ? LAST : copies - 1
  }

  #add(kind: 'used' | 'duplicate' | 'unused', blobs: number, bytes: number): void {
    this.#totals[kind].blobs += blobs
    this.#totals[kind].bytes += bytes
  }

  #facts(id: PackId, number: number): PackFacts {
    return {
      id,
      number,
      type: TYPES[this.#types[number]!]!,
      usedBlobs: this.#usedBlobs[number]!,
      unusedBlobs: this.#unusedBlobs[number]!,
      usedBytes: this.#usedBytes[number]!,
      unusedBytes: this.#unusedBytes[number]!,
      duplicates: this.#duplicates[number]!,
      hasUncompressed: this.#uncompressed[number] === 1,
    }
  }
}
