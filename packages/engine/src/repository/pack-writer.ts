import { DamagedError } from '../errors.ts'
import { blobsIn, type FinishedPack, forEachBlob, mergePacks } from '../pack/pack-builder.ts'
import { MAX_PACK_BLOBS, PACK_OVERHEAD_BYTES } from '../pack/header.ts'
import type { PackId } from '../ids.ts'
import { IndexText } from '../index/index-file.ts'
import type { Repository } from './repository.ts'
import { Semaphore } from '../concurrency.ts'

/** An index file is stored when it has so many blobs, or is so old: what an interrupted run leaves can be used (§14). */
export const INDEX_BLOBS = 50_000
const INDEX_INTERVAL_MS = 3 * 60 * 1000

export interface PackWriterOptions {
  readonly packSizeBytes: number
  readonly dryRun: boolean
  /** Called once, with the first error: nothing more is stored then. */
  readonly onFailure: (error: Error) => void
  /** Called with the memory of each pack that is stored, which is free then, and with the pack's name. */
  readonly onStored: (memory: ArrayBuffer, pack: PackId) => void
}

/**
 * Stores the packs of one repository, and after them the index files that name them: an index never names a pack that
 * is not durably stored. The first failure ends it; other repositories do not notice.
 */
export class PackWriter {
  readonly #repository: Repository
  readonly #options: PackWriterOptions
  readonly #slots: Semaphore
  readonly #running = new Set<Promise<void>>()
  #partial: FinishedPack[] = []
  /** Without their content. */
  #indexed: Omit<FinishedPack, 'content'>[] = []
  #indexedBlobs = 0
  #indexSince = performance.now()
  #error: Error | undefined
  #packs = 0
  #bytes = 0

  constructor(repository: Repository, options: PackWriterOptions) {
    this.#repository = repository
    this.#options = options
    this.#slots = new Semaphore(repository.backend.connections)
  }

  get error(): Error | undefined {
    return this.#error
  }

  /** Packs handed over that are not stored yet. */
  get waiting(): number {
    return this.#running.size
  }

  /** Bytes of headers beyond their entries, for the summary. */
  get overheadBytes(): number {
    return this.#packs * PACK_OVERHEAD_BYTES
  }

  /** Of all packs that are stored, headers included. */
  get storedBytes(): number {
    return this.#bytes
  }

  /** Waits until no more than `waiting` packs wait, so that more may be made: memory is bounded by the caller's own packs. */
  async room(waiting = this.#repository.backend.connections): Promise<void> {
    while (this.#running.size > waiting) await Promise.race(this.#running)
  }

  add(pack: FinishedPack, fill: 'full' | 'partial'): void {
    if (this.#error) return
    if (fill === 'partial') this.#addPartial(pack)
    else this.#start(pack)
  }

  /** Stores what is left, and the index; @throws the first failure */
  async finish(): Promise<void> {
    if (this.#partial.length > 0) this.#start(this.#merged())
    while (this.#running.size > 0) await Promise.all(this.#running)
    if (!this.#error) await this.#attempt(() => this.#saveIndex())
    if (this.#error) throw this.#error
  }

  /** Gives up, for a reason outside: nothing more is stored. */
  fail(error: Error): void {
    if (this.#error) return
    this.#error = error
    this.#options.onFailure(error)
  }

  /** Small packs of several threads become one. */
  #addPartial(pack: FinishedPack): void {
    if (this.#partial.length > 0 && !this.#fitsPartial(pack)) this.#start(this.#merged())
    this.#partial.push(pack)
  }

  #fitsPartial(pack: FinishedPack): boolean {
    const together = [...this.#partial, pack]
    const bytes = together.reduce((sum, { content }) => sum + content.length, 0)
    const blobs = together.reduce((sum, each) => sum + blobsIn(each), 0)
    const isOneType = this.#partial[0]!.type === pack.type
    return isOneType && bytes <= this.#options.packSizeBytes && blobs <= MAX_PACK_BLOBS
  }

  #merged(): FinishedPack {
    const packs = this.#partial
    this.#partial = []
    return packs.length === 1 ? packs[0]! : mergePacks(this.#repository.cipher, packs)
  }

  #start(pack: FinishedPack): void {
    const running = this.#slots
      .run(() => this.#attempt(() => this.#store(pack)))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#error) return
    try {
      await work()
    } catch (error) {
      this.fail(error as Error)
    }
  }

  async #store(pack: FinishedPack): Promise<void> {
    if (!this.#options.dryRun) {
      const options = { holdsTrees: pack.type === 'tree', isNamedByContent: true }
      await this.#repository.backend.write('pack', pack.id, pack.content, options)
    }
    this.#packs++
    this.#bytes += pack.content.length
    const { content, ...rest } = pack
    if (blobsIn(rest) === 0) throw new DamagedError('a pack without blobs was about to be stored')
    this.#indexed.push(rest)
    this.#indexedBlobs += blobsIn(rest)
    this.#options.onStored(content.buffer, pack.id)
    if (this.#indexedBlobs >= INDEX_BLOBS || performance.now() - this.#indexSince >= INDEX_INTERVAL_MS)
      await this.#saveIndex()
  }

  async #saveIndex(): Promise<void> {
    const packs = this.#indexed
    if (packs.length === 0) return
    this.#indexed = []
    this.#indexedBlobs = 0
    this.#indexSince = performance.now()
    if (this.#options.dryRun) return
    const text = new IndexText()
    for (const pack of packs) {
      text.pack(pack.id)
      forEachBlob(pack, (...blob) => text.blob(pack.type, ...blob))
    }
    await this.#repository.writeUnpacked('index', text.finish())
  }
}
