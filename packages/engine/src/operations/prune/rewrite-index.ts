import { FileMissingError } from '../../backend/backend.ts'
import { DamagedError } from '../../errors.ts'
import { idFromBytes, type IndexId, type PackId } from '../../ids.ts'
import { decodeIndex, encodeIndex, type IndexedPack } from '../../index/index-file.ts'
import { MAX_PACK_BLOBS } from '../../pack/header.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import { INDEX_BLOBS } from '../../repository/pack-writer.ts'
import type { Repository } from '../../repository/repository.ts'

/** What a full index file and one pack more can hold: a larger one is split. */
const OVERSIZED_BLOBS = INDEX_BLOBS + MAX_PACK_BLOBS

export interface IndexRewrite {
  readonly repository: Repository
  /** Packs that no index shall name any more. */
  readonly gone: ReadonlySet<PackId>
  /** Packs that some index must name, or nothing is removed. */
  readonly required: ReadonlySet<PackId>
  /** Aborts before anything is deleted. */
  readonly signal?: AbortSignal | undefined
  /** Called when the new index files are stored, before the old ones are deleted. */
  readonly beforeRemoval: (required: ReadonlyMap<PackId, readonly PackedBlob[]>) => Promise<void>
}

/**
 * Stores new index files in place of those that name a gone pack, are not full, are oversized, or repeat a pack (§19 c), and
 * then deletes those. What is deleted, if it stops in between, is deleted by the next prune. Memory: one index file.
 */
export async function rewriteIndex(rewrite: IndexRewrite): Promise<{ removed: number; written: number }> {
  return await new Rewriting(rewrite).run()
}

class Rewriting {
  readonly #rewrite: IndexRewrite
  readonly #stale = new Set<IndexId>()
  readonly #small = new Set<IndexId>()
  readonly #packs = new Map<PackId, IndexId>()
  readonly #repeated = new Set<PackId>()
  readonly #required = new Map<PackId, readonly PackedBlob[]>()
  #batch: IndexedPack[] = []
  #batchBlobs = 0
  #written = 0

  constructor(rewrite: IndexRewrite) {
    this.#rewrite = rewrite
  }

  async run(): Promise<{ removed: number; written: number }> {
    const { repository, required, signal, beforeRemoval } = this.#rewrite
    for (const { id } of await repository.listIds('index', signal)) this.#survey(id, await this.#read(id))
    const lost = [...required].filter((pack) => !this.#required.has(pack))
    if (lost.length > 0) {
      throw new DamagedError(`${lost.length} new packs are in no index that can be read; nothing was deleted`, {
        hint: 'run `hikae check`, then prune again',
      })
    }
    // A single small file would only become itself again.
    const old = this.#small.size > 1 ? [...this.#stale, ...this.#small] : [...this.#stale]
    await this.#writeAnew(old)
    signal?.throwIfAborted()
    await beforeRemoval(this.#required)
    for (const id of old) {
      signal?.throwIfAborted()
      await removeIfThere(repository, id, signal)
    }
    return { removed: old.length, written: this.#written }
  }

  async #read(id: IndexId): Promise<IndexedPack[]> {
    this.#rewrite.signal?.throwIfAborted()
    const packs: { id: PackId; blobs: PackedBlob[] }[] = []
    decodeIndex(await this.#rewrite.repository.readUnpacked('index', id, this.#rewrite.signal), {
      pack: (pack) => packs.push({ id: pack, blobs: [] }),
      blob: (type, raw, offset, length, uncompressedLength) =>
        packs.at(-1)!.blobs.push({ type, id: idFromBytes(raw), offset, length, uncompressedLength }),
    })
    return packs
  }

  #survey(index: IndexId, packs: readonly IndexedPack[]): void {
    let blobs = 0
    let isStale = false
    for (const pack of packs) {
      blobs += pack.blobs.length
      if (this.#rewrite.gone.has(pack.id)) isStale = true
      if (this.#rewrite.required.has(pack.id)) this.#required.set(pack.id, pack.blobs)
      const other = this.#packs.get(pack.id)
      this.#packs.set(pack.id, index)
      if (other === undefined) continue
      this.#repeated.add(pack.id)
      isStale = true
      this.#markStale(other)
    }
    if (isStale || blobs >= OVERSIZED_BLOBS) this.#markStale(index)
    else if (blobs < INDEX_BLOBS) this.#small.add(index)
  }

  #markStale(index: IndexId): void {
    this.#small.delete(index)
    this.#stale.add(index)
  }

  async #writeAnew(old: readonly IndexId[]): Promise<void> {
    /** What several files say of one pack comes together: each pack is in one file (§8). */
    const repeated = new Map<PackId, PackedBlob[]>()
    for (const index of old) {
      for (const pack of await this.#read(index)) {
        if (this.#rewrite.gone.has(pack.id)) continue
        if (this.#repeated.has(pack.id)) merge(repeated, pack)
        else await this.#add(pack)
      }
    }
    for (const [id, blobs] of repeated) await this.#add({ id, blobs })
    await this.#writeBatch()
  }

  async #add(pack: IndexedPack): Promise<void> {
    this.#batch.push(pack)
    this.#batchBlobs += pack.blobs.length
    if (this.#batchBlobs >= INDEX_BLOBS) await this.#writeBatch()
  }

  async #writeBatch(): Promise<void> {
    if (this.#batch.length === 0) return
    const packs = this.#batch
    this.#batch = []
    this.#batchBlobs = 0
    this.#rewrite.signal?.throwIfAborted()
    await this.#rewrite.repository.writeUnpacked('index', encodeIndex(packs), this.#rewrite.signal)
    this.#written++
  }
}

function merge(packs: Map<PackId, PackedBlob[]>, { id, blobs }: IndexedPack): void {
  const known = packs.get(id)
  if (!known) {
    packs.set(id, [...blobs])
    return
  }
  const offsets = new Set(known.map(({ offset, id: blob }) => `${offset} ${blob}`))
  for (const blob of blobs) if (!offsets.has(`${blob.offset} ${blob.id}`)) known.push(blob)
}

async function removeIfThere(repository: Repository, id: IndexId, signal: AbortSignal | undefined): Promise<void> {
  try {
    await repository.backend.remove('index', id, signal)
  } catch (error) {
    if (!(error instanceof FileMissingError)) throw error
  }
}
