import { OVERHEAD } from '../../crypto/cipher.ts'
import { DamagedError } from '../../errors.ts'
import { type BlobId, shortId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import type { BlobType } from '../../pack/blob.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { plaintextSize } from '../plaintext-size.ts'
import { walkTrees } from '../tree-walk.ts'

export interface RawData {
  /** Encrypted, as stored. */
  readonly totalSize: number
  readonly totalBlobs: number
  readonly compression?: {
    /** What the blobs would take without compression. */
    readonly uncompressedSize: number
    /** Uncompressed to stored size of the compressed blobs; 0 when there are none. */
    readonly ratio: number
    /** Share of the data, by uncompressed size, that is compressed: percent. */
    readonly progress: number
    /** What compression saved of everything: percent. */
    readonly spaceSaving: number
  }
}

/** What the blobs of the snapshots take in the repository, each once. */
export async function countRawData(
  repository: Repository,
  snapshots: readonly Pick<Snapshot, 'tree'>[],
  signal?: AbortSignal,
): Promise<RawData> {
  const sum = new BlobSum(repository)
  const data = new IdSet()
  await walkTrees(
    snapshots.map(({ tree }) => tree),
    {
      read: (id) => repository.readTree(id, signal),
      concurrency: repository.backend.connections,
      signal,
      onTree: (id, { nodes }) => {
        sum.add('tree', id)
        for (const { type, content } of nodes) {
          if (type !== 'file' || content === null) continue
          for (const blob of content) if (data.add(blob)) sum.add('data', blob)
        }
      },
    },
  )
  return sum.result()
}

class BlobSum {
  readonly #repository: Repository
  #blobs = 0
  #stored = 0
  #uncompressed = 0
  #compressedStored = 0
  #compressedUncompressed = 0

  constructor(repository: Repository) {
    this.#repository = repository
  }

  add(type: BlobType, id: BlobId): void {
    const location = this.#repository.index.find(type, id)
    if (!location) throw new DamagedError(`${type} blob ${shortId(id)} is in no index`, { hint: 'run `hikae check`' })
    const uncompressed = plaintextSize(location) + OVERHEAD
    this.#blobs++
    this.#stored += location.length
    this.#uncompressed += uncompressed
    if (location.uncompressedLength === 0) return
    this.#compressedStored += location.length
    this.#compressedUncompressed += uncompressed
  }

  result(): RawData {
    const totals = { totalSize: this.#stored, totalBlobs: this.#blobs }
    if (this.#repository.config.version === 1) return totals
    return {
      ...totals,
      compression: {
        uncompressedSize: this.#uncompressed,
        ratio: share(this.#compressedUncompressed, this.#compressedStored),
        progress: share(this.#compressedUncompressed, this.#uncompressed) * 100,
        spaceSaving: this.#uncompressed === 0 ? 0 : (1 - this.#stored / this.#uncompressed) * 100,
      },
    }
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
