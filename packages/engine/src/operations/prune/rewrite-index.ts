import { removeIfPresent } from '../../backend/remove-if-present.ts'
import { DamagedError } from '../../errors.ts'
import type { IndexId, PackId } from '../../ids.ts'
import { BlobIndex } from '../../index/blob-index.ts'
import { decodeIndex, encodeIndex, type IndexSink, IndexText } from '../../index/index-file.ts'
import { headerEntryBytes, MAX_PACK_BLOBS, PACK_OVERHEAD_BYTES } from '../../pack/header.ts'
import { release } from '../../pack/release.ts'
import { INDEX_BLOBS } from '../../repository/pack-writer.ts'
import type { Repository } from '../../repository/repository.ts'
import { withoutRepeats } from '../check/check-index.ts'

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
  /** Called when the new index files are stored, before the old ones are deleted: how many bytes each required pack has. */
  readonly beforeRemoval: (required: ReadonlyMap<PackId, number>) => Promise<void>
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
  /** In which file a pack was seen last. */
  readonly #packs = new Map<PackId, IndexId>()
  readonly #repeated = new Set<PackId>()
  readonly #required = new Map<PackId, number>()
  #text = new IndexText()
  /** Texts that have enough blobs, not stored yet. */
  #full: IndexText[] = []
  #written = 0

  constructor(rewrite: IndexRewrite) {
    this.#rewrite = rewrite
  }

  async run(): Promise<{ removed: number; written: number }> {
    const { repository, required, signal, beforeRemoval } = this.#rewrite
    for (const { id } of await repository.listIds('index', signal)) await this.#survey(id)
    const lost = [...required].filter((pack) => !this.#required.has(pack))
    if (lost.length > 0) {
      throw new DamagedError(`${lost.length} new packs are in no index that can be read; nothing was deleted`, {
        hint: 'run `hikae check`, then prune again',
      })
    }
    // A single small file would only become itself again.
    const old = this.#stale.size + this.#small.size > 1 ? [...this.#stale, ...this.#small] : [...this.#stale]
    await this.#writeAnew(old)
    signal?.throwIfAborted()
    await beforeRemoval(this.#required)
    for (const id of old) {
      signal?.throwIfAborted()
      await removeIfPresent(repository.backend, 'index', id, signal)
    }
    return { removed: old.length, written: this.#written }
  }

  async #read(id: IndexId, sink: IndexSink): Promise<void> {
    const { repository, signal } = this.#rewrite
    signal?.throwIfAborted()
    decodeIndex(await repository.readUnpacked('index', id, signal), sink)
  }

  async #survey(index: IndexId): Promise<void> {
    const { gone, required } = this.#rewrite
    let blobs = 0
    let isStale = false
    let current: PackId | undefined
    await this.#read(index, {
      pack: (pack) => {
        current = required.has(pack) ? pack : undefined
        if (current !== undefined) this.#required.set(current, PACK_OVERHEAD_BYTES)
        if (gone.has(pack)) isStale = true
        if (this.#isRepeated(pack, index)) isStale = true
      },
      blob: (_, _id, _offset, length, uncompressedLength) => {
        blobs++
        if (current === undefined) return
        const bytes = length + headerEntryBytes({ uncompressedLength })
        this.#required.set(current, this.#required.get(current)! + bytes)
      },
    })
    if (isStale || blobs >= OVERSIZED_BLOBS) this.#markStale(index)
    else if (blobs < INDEX_BLOBS) this.#small.add(index)
  }

  #isRepeated(pack: PackId, index: IndexId): boolean {
    const other = this.#packs.get(pack)
    this.#packs.set(pack, index)
    if (other === undefined) return false
    this.#repeated.add(pack)
    this.#markStale(other)
    return true
  }

  #markStale(index: IndexId): void {
    this.#small.delete(index)
    this.#stale.add(index)
  }

  async #writeAnew(old: readonly IndexId[]): Promise<void> {
    /** What several files say of one pack comes together: each pack is in one file (§8). */
    const repeated = new BlobIndex()
    for (const index of old) {
      await this.#copy(index, repeated)
      for (const text of this.#full.splice(0)) await this.#storeText(text)
    }
    if (this.#text.blobs > 0) await this.#storeText(this.#text)
    const united = [...repeated.packs()].map(({ id, blobs }) => ({ id, blobs: withoutRepeats(blobs) }))
    if (united.length > 0) await this.#store(encodeIndex(united))
  }

  async #copy(index: IndexId, repeated: BlobIndex): Promise<void> {
    let sink: IndexSink | undefined
    await this.#read(index, {
      pack: (pack) => {
        sink = this.#sinkFor(pack, repeated)
        sink?.pack(pack)
      },
      blob: (type, id, offset, length, uncompressedLength) => {
        sink?.blob(type, id, offset, length, uncompressedLength)
      },
    })
  }

  #sinkFor(pack: PackId, repeated: BlobIndex): IndexSink | undefined {
    if (this.#rewrite.gone.has(pack)) return undefined
    if (!this.#repeated.has(pack)) return this.#textWithRoom()
    const number = repeated.addPack(pack)
    return {
      pack: () => undefined,
      blob: (type, id, offset, length, uncompressedLength) => {
        repeated.addRaw(number, type, id, offset, length, uncompressedLength)
      },
    }
  }

  #textWithRoom(): IndexText {
    if (this.#text.blobs >= INDEX_BLOBS) {
      this.#full.push(this.#text)
      this.#text = new IndexText()
    }
    return this.#text
  }

  async #storeText(text: IndexText): Promise<void> {
    const plaintext = text.finish()
    await this.#store(plaintext)
    release(plaintext)
  }

  async #store(plaintext: Uint8Array): Promise<void> {
    this.#rewrite.signal?.throwIfAborted()
    await this.#rewrite.repository.writeUnpacked('index', plaintext, this.#rewrite.signal)
    this.#written++
  }
}
