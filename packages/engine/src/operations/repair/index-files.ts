import { mapConcurrently } from '../../concurrency.ts'
import type { IndexId, PackId } from '../../ids.ts'
import { BlobIndex } from '../../index/blob-index.ts'
import { decodeIndex } from '../../index/index-file.ts'
import { isDamage } from '../../repository/damage.ts'
import type { Repository } from '../../repository/repository.ts'

/** The index files of a repository, merged, and which of them says what. Four bytes per pack more than the index. */
export interface IndexFiles {
  readonly index: BlobIndex
  /** Packs that each file names, as positions in `index.packIds`. */
  readonly packsOf: ReadonlyMap<IndexId, readonly number[]>
  readonly unreadable: ReadonlyMap<IndexId, Error>
}

/** Loads every index file that can be read; the others are named. */
export async function loadIndexFiles(repository: Repository, signal?: AbortSignal): Promise<IndexFiles> {
  const index = new BlobIndex()
  const packsOf = new Map<IndexId, readonly number[]>()
  const unreadable = new Map<IndexId, Error>()
  const stored = await repository.listIds('index', signal)
  await mapConcurrently(stored, repository.backend.connections, async ({ id }) => {
    try {
      packsOf.set(id, addIndexFile(index, await repository.readUnpacked('index', id, signal)))
    } catch (error) {
      if (!isDamage(error)) throw error
      unreadable.set(id, error)
    }
  })
  return { index, packsOf, unreadable }
}

function addIndexFile(index: BlobIndex, plaintext: Uint8Array): readonly number[] {
  const numbers: number[] = []
  decodeIndex(plaintext, {
    pack: (id) => numbers.push(index.addPack(id)),
    blob: (type, id, offset, length, uncompressed) =>
      index.addRaw(numbers.at(-1)!, type, id, offset, length, uncompressed),
  })
  return numbers
}

/** The index files that name one of the packs. */
export function filesNaming({ index, packsOf }: IndexFiles, packs: ReadonlySet<PackId>): Set<IndexId> {
  const naming = new Set<IndexId>()
  for (const [id, numbers] of packsOf) {
    if (numbers.some((number) => packs.has(index.packIds[number]!))) naming.add(id)
  }
  return naming
}

/** Packs that more than one index file names. */
export function packsNamedTwice({ index, packsOf }: IndexFiles): Set<PackId> {
  const isNamed = new Uint8Array(index.packIds.length)
  const twice = new Set<PackId>()
  for (const numbers of packsOf.values()) {
    for (const number of new Set(numbers)) {
      if (isNamed[number] === 1) twice.add(index.packIds[number]!)
      isNamed[number] = 1
    }
  }
  return twice
}
