import { mapConcurrently } from '../../concurrency.ts'
import { type BlobId, type PackId, shortId } from '../../ids.ts'
import { BlobIndex } from '../../index/blob-index.ts'
import type { BlobType } from '../../pack/blob.ts'
import { readPackHeader } from '../../repository/pack-header.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredPack } from './check-packs.ts'
import type { Findings } from './findings.ts'
import { isUnreadable } from './unreadable.ts'

/** Packs that are stored but in no index, and what they say they hold: what `repair index` would bring back. */
export interface UnindexedPacks {
  readonly packs: readonly StoredPack[]
  readonly index: BlobIndex
  /** Why, of those whose header cannot be read. */
  readonly unreadable: ReadonlyMap<PackId, string>
}

/** Reads the headers of packs that no index names. */
export async function readUnindexed(
  repository: Repository,
  packs: readonly StoredPack[],
  signal?: AbortSignal,
): Promise<UnindexedPacks> {
  const index = new BlobIndex()
  const unreadable = new Map<PackId, string>()
  await mapConcurrently(packs, repository.backend.connections, async ({ id, size }) => {
    try {
      index.add(id, await readPackHeader(repository, id, size, signal))
    } catch (error) {
      if (!isUnreadable(error)) throw error
      unreadable.set(id, error.message)
    }
  })
  return { packs, index, unreadable }
}

/** Where blobs are: in the index, or in packs that it should name. Remembers which of these are needed. */
export class BlobPlaces {
  readonly index: BlobIndex
  readonly unindexed: BlobIndex
  readonly neededPacks = new Set<PackId>()

  constructor(index: BlobIndex, unindexed: BlobIndex) {
    this.index = index
    this.unindexed = unindexed
  }

  find(type: BlobType, id: BlobId): 'indexed' | 'unindexed' | 'nowhere' {
    if (this.index.has(type, id)) return 'indexed'
    const copies = this.unindexed.findAll(type, id)
    for (const { pack } of copies) this.neededPacks.add(pack)
    return copies.length > 0 ? 'unindexed' : 'nowhere'
  }
}

/** Once it is known which of the packs are needed. */
export function reportUnindexed(
  { packs, unreadable }: UnindexedPacks,
  needed: ReadonlySet<PackId>,
  { errors, hints }: Findings,
): void {
  for (const { id, size } of packs) {
    const what = `pack ${shortId(id)} (${size} bytes) is in no index`
    const reason = unreadable.get(id)
    if (needed.has(id)) {
      errors.add({ kind: 'pack-unindexed', message: `${what}, but snapshots need it`, pack: id })
    } else {
      const why = reason === undefined ? 'an interrupted backup or prune left it' : reason
      hints.add({ kind: 'pack-unreferenced', message: `${what}: ${why}`, pack: id })
    }
  }
}
