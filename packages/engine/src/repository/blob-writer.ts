import { compress, compressAlways } from '../compression/zstd.ts'
import { sha256 } from '../crypto/hash.ts'
import { type BlobId, idFromBytes } from '../ids.ts'
import { IdSet } from '../index/id-set.ts'
import type { BlobType } from '../pack/blob.ts'
import { PACK_SIZE_LIMITS, PackBuilder } from '../pack/pack-builder.ts'
import { PackWriter } from './pack-writer.ts'
import type { Repository } from './repository.ts'

const LEVEL = 3

export interface BlobWriterOptions {
  readonly signal?: AbortSignal | undefined
  readonly packSizeBytes?: number
  /** What need not be stored again: by default what the loaded index has. */
  readonly isStored?: (type: BlobType, id: BlobId) => boolean
}

/**
 * Stores single blobs on the main thread: the changed directories of a rewritten or repaired snapshot. What the loaded
 * index has, or was added before, is not stored again. Memory: one pack of each type, and those on their way.
 */
export class BlobWriter {
  readonly #repository: Repository
  readonly #signal: AbortSignal | undefined
  readonly #isStored: (type: BlobType, id: BlobId) => boolean
  readonly #builders: Record<BlobType, PackBuilder>
  readonly #packs: PackWriter
  readonly #added: Record<BlobType, IdSet> = { data: new IdSet(), tree: new IdSet() }

  constructor(repository: Repository, options: BlobWriterOptions = {}) {
    const { signal, packSizeBytes = PACK_SIZE_LIMITS.default, isStored } = options
    this.#repository = repository
    this.#signal = signal
    this.#isStored = isStored ?? ((type, id) => repository.index.has(type, id))
    const building = { targetBytes: packSizeBytes, verify: true }
    this.#builders = {
      data: new PackBuilder('data', repository.cipher, building),
      tree: new PackBuilder('tree', repository.cipher, building),
    }
    this.#packs = new PackWriter(repository, {
      packSizeBytes,
      dryRun: false,
      onFailure: () => undefined,
      onStored: () => undefined,
    })
  }

  /** @throws the first failure to store a pack; the signal's reason */
  async add(type: BlobType, plaintext: Uint8Array): Promise<BlobId> {
    this.#signal?.throwIfAborted()
    if (this.#packs.error) throw this.#packs.error
    const raw = sha256(plaintext)
    const id = idFromBytes(raw, 0)
    if (this.#isStored(type, id) || !this.#added[type].add(id)) return id
    const compressed = this.#compressed(type, plaintext)
    for (const pack of this.#builders[type].add(raw, compressed ?? plaintext, compressed ? plaintext.length : 0)) {
      this.#packs.add(pack, 'full')
    }
    await this.#packs.room()
    return id
  }

  /** restic's prune repacks packs with uncompressed trees (§7). @returns undefined when it is better left as it is */
  #compressed(type: BlobType, plaintext: Uint8Array): Buffer | undefined {
    if (this.#repository.config.version === 1) return undefined
    return type === 'tree' ? compressAlways(plaintext, LEVEL) : compress(plaintext, LEVEL)
  }

  /** Everything added is durable and in the index when this resolves, and only then; @throws the first failure */
  async finish(): Promise<void> {
    for (const builder of Object.values(this.#builders)) {
      const pack = builder.finish()
      if (pack) this.#packs.add(pack, 'full')
    }
    await this.#packs.finish()
  }
}
