import { storedFrame } from '../compression/stored-frame.ts'
import { type Zstd, zstd } from '../compression/zstd.ts'
import { Cipher, type MasterKey, OVERHEAD } from '../crypto/cipher.ts'
import { primitives } from '../crypto/primitives.ts'
import { DamagedError } from '../errors.ts'
import { ID_BYTES } from '../ids.ts'
import type { BlobTable } from '../index/blob-table.ts'
import { wordsOfBytes } from '../index/raw-id.ts'
import type { BlobType } from './blob.ts'
import { headerEntryBytes } from './header.ts'
import { type FinishedPack, PackBuilder, scratchOf } from './pack-builder.ts'

/** What a thread must know of a repository to encrypt for it. */
export interface RepositorySecrets {
  readonly masterKey: MasterKey
  /** Version 1 has no compression. */
  readonly version: 1 | 2
}

export interface StorerOptions {
  readonly packSizeBytes: number
  /** zstd level; 0 stores data blobs uncompressed. */
  readonly level: number
  /** Read every new blob back from its encrypted form before it leaves memory. */
  readonly verify: boolean
}

/** What storing one blob came to, summed over the blobs of one call or task. Sizes in bytes. */
export interface StoredCounts {
  /** Per repository: new blobs, their plaintext bytes and their stored bytes, header entries included. */
  readonly blobs: number[]
  readonly added: number[]
  readonly packed: number[]
  /** Plaintext bytes that no repository needed. */
  deduplicated: number
}

/** Takes a pack to be stored; partial ones, left at the end, may be merged with those of other threads. */
export type PackReceiver = (repository: number, pack: FinishedPack, fill: 'full' | 'partial') => void

/**
 * Hashes blobs, and compresses once and encrypts per repository those that are new. One per thread and blob type;
 * {@link BlobTable} decides between threads who stores what.
 */
export class BlobStorer {
  readonly #type: BlobType
  readonly #table: BlobTable
  readonly #options: StorerOptions
  readonly #builders: PackBuilder[]
  readonly #compresses: boolean[]
  readonly #onPack: PackReceiver
  readonly #zstd: Zstd = zstd()
  readonly #hash = primitives()
  readonly #id = Buffer.allocUnsafeSlow(ID_BYTES)
  #compressed = Buffer.alloc(0)
  #restored = Buffer.alloc(0)
  #mask: number
  #counts: StoredCounts

  constructor(
    type: BlobType,
    table: BlobTable,
    repositories: readonly RepositorySecrets[],
    options: StorerOptions,
    onPack: PackReceiver,
  ) {
    this.#type = type
    this.#table = table
    this.#options = options
    this.#onPack = onPack
    this.#builders = repositories.map(
      ({ masterKey }) =>
        new PackBuilder(type, new Cipher(masterKey), { targetBytes: options.packSizeBytes, verify: options.verify }),
    )
    // Trees are always compressed: restic's prune repacks packs with uncompressed ones (§7).
    this.#compresses = repositories.map(({ version }) => version === 2 && (type === 'tree' || options.level > 0))
    this.#mask = 2 ** repositories.length - 1
    this.#counts = emptyCounts(repositories.length)
  }

  /** Stops storing for a repository that failed. */
  drop(repository: number): void {
    this.#mask &= ~(1 << repository)
  }

  /** Stores a blob where it is missing; @returns its raw id, overwritten by the next call. */
  store(plaintext: Uint8Array): Buffer {
    this.#hash.sha256(plaintext, this.#id, 0)
    const wanted = this.#table.claim(this.#type, wordsOfBytes(this.#id), this.#mask)
    if (wanted === 0) this.#counts.deduplicated += plaintext.length
    else this.#storeIn(wanted, plaintext)
    return this.#id
  }

  /** Hands over the packs that are not full. */
  flush(): void {
    for (const [repository, builder] of this.#builders.entries()) {
      const pack = builder.finish()
      if (pack && (this.#mask & (1 << repository)) !== 0) this.#onPack(repository, pack, 'partial')
    }
  }

  recycle(repository: number, memory: ArrayBuffer): void {
    this.#builders[repository]!.recycle(memory)
  }

  /** The counts since the last call. */
  takeCounts(): StoredCounts {
    const counts = this.#counts
    this.#counts = emptyCounts(this.#builders.length)
    return counts
  }

  #storeIn(wanted: number, plaintext: Uint8Array): void {
    let compressed: Buffer | undefined
    for (const [repository, builder] of this.#builders.entries()) {
      if ((wanted & (1 << repository)) === 0) continue
      if (this.#compresses[repository]) compressed ??= this.#compress(plaintext)
      const isCompressed = this.#compresses[repository]! && compressed!.length > 0
      const stored = isCompressed ? compressed! : plaintext
      const uncompressedLength = isCompressed ? plaintext.length : 0
      const packs = builder.add(this.#id, stored, uncompressedLength)
      this.#count(repository, plaintext.length, stored.length + OVERHEAD + headerEntryBytes({ uncompressedLength }))
      for (const pack of packs) this.#onPack(repository, pack, 'full')
    }
  }

  /** @returns an empty buffer for data when compression gains nothing; trees are compressed whatever it costs */
  #compress(plaintext: Uint8Array): Buffer {
    this.#compressed = scratchOf(this.#compressed, plaintext.length)
    const level = this.#options.level || 3
    const length = this.#zstd.compressInto(plaintext, this.#compressed.subarray(0, plaintext.length), level)
    const compressed = this.#compressed.subarray(0, length)
    if (length === 0 && this.#type === 'tree') return storedFrame(plaintext)
    if (this.#options.verify && length > 0) this.#verifyCompressed(compressed, plaintext)
    return compressed
  }

  #verifyCompressed(compressed: Uint8Array, plaintext: Uint8Array): void {
    this.#restored = scratchOf(this.#restored, plaintext.length)
    const restored = this.#restored.subarray(0, plaintext.length)
    this.#zstd.decompressInto(compressed, restored)
    if (restored.equals(plaintext)) return
    throw new DamagedError('a compressed blob does not decompress to what was compressed', {
      hint: 'nothing wrong was stored; this points at faulty memory or processor: test the machine',
    })
  }

  #count(repository: number, plaintextBytes: number, storedBytes: number): void {
    this.#counts.blobs[repository]!++
    this.#counts.added[repository]! += plaintextBytes
    this.#counts.packed[repository]! += storedBytes
  }
}

export function emptyCounts(repositories: number): StoredCounts {
  const zeros = (): number[] => Array.from({ length: repositories }, () => 0)
  return { blobs: zeros(), added: zeros(), packed: zeros(), deduplicated: 0 }
}

export function addCounts(sum: StoredCounts, more: StoredCounts): void {
  for (const field of ['blobs', 'added', 'packed'] as const) {
    for (const [repository, count] of more[field].entries()) sum[field][repository]! += count
  }
  sum.deduplicated += more.deduplicated
}
