import type { BlobId, PackId } from '../../ids.ts'
import type { BlobLocation } from '../../index/blob-index.ts'
import { IdSet } from '../../index/id-set.ts'
import type { BlobType, PackedBlob } from '../../pack/blob.ts'

/** Wanted blobs that lie in one pack. */
export interface WantedPack {
  readonly id: PackId
  /** By offset. */
  readonly blobs: PackedBlob[]
}

/** About 20 MB of memory. */
const MOST_BLOBS = 65_536
const MOST_BYTES = 1024 * 1024 * 1024

/** Blobs to be fetched from the packs of a repository in one go, each once. About 300 bytes per blob. */
export class WantedBlobs {
  readonly #ids: Record<BlobType, IdSet> = { data: new IdSet(), tree: new IdSet() }
  readonly #packs = new Map<PackId, PackedBlob[]>()
  /** Stored bytes. */
  bytes = 0

  get size(): number {
    return this.#ids.data.size + this.#ids.tree.size
  }

  get isFull(): boolean {
    return this.size >= MOST_BLOBS || this.bytes >= MOST_BYTES
  }

  has(type: BlobType, id: BlobId): boolean {
    return this.#ids[type].has(id)
  }

  add(type: BlobType, id: BlobId, { pack, offset, length, uncompressedLength }: BlobLocation): void {
    if (!this.#ids[type].add(id)) return
    this.bytes += length
    const blob = { type, id, offset, length, uncompressedLength }
    const blobs = this.#packs.get(pack)
    if (blobs) blobs.push(blob)
    else this.#packs.set(pack, [blob])
  }

  *packs(): Generator<WantedPack> {
    for (const [id, blobs] of this.#packs) yield { id, blobs: blobs.sort((a, b) => a.offset - b.offset) }
  }

  *blobs(): Generator<PackedBlob> {
    for (const blobs of this.#packs.values()) yield* blobs
  }
}
