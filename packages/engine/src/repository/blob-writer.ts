import { compress } from '../compression/zstd.ts'
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
}

/**
 * Stores single blobs on the main thread: the changed directories of a rewritten or repaired snapshot. What the loaded
 * index has, or was added before, is not stored again. Memory: one pack of each type, and those on their way.
 */
export class BlobWriter {
  readonly #repository: Repository
  readonly #signal: AbortSignal | undefined
  readonly #builders: Record<BlobType, PackBuilder>
  readonly #packs: PackWriter
  readonly #added: Record<BlobType, IdSet> = { data: new IdSet(), tree: new IdSet() }

  constructor(repository: Repository, { signal, packSizeBytes = PACK_SIZE_LIMITS.default }: BlobWriterOptions = {}) {
    this.#repository = repository
    this.#signal = signal
    const options = { targetBytes: packSizeBytes, verify: true }
    this.#builders = {
      data: new PackBuilder('data', repository.cipher, options),
      tree: new PackBuilder('tree', repository.cipher, options),
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
    if (this.#repository.index.has(type, id) || !this.#added[type].add(id)) return id
    const compressed = this.#repository.config.version === 2 ? compress(plaintext, LEVEL) : undefined
    for (const pack of this.#builders[type].add(raw, compressed ?? plaintext, compressed ? plaintext.length : 0)) {
      this.#packs.add(pack, 'full')
    }
    await this.#packs.room()
    return id
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
