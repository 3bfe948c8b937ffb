import { childPath, printablePath } from '../../filesystem/byte-path.ts'
import { type BlobId, shortId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import type { BlobType } from '../../pack/blob.ts'
import { isDamage } from '../../repository/damage.ts'
import { BlobReader } from '../../repository/blob-reader.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { decodeTree } from '../../tree/decode.ts'
import { pathOfPlace, walkTrees } from '../tree-walk.ts'
import { PruneRefusedError } from './refusal.ts'

const MOST_COUNTED = 255

/**
 * Which blobs of an index the snapshots need, and how many copies of each there are: one byte per entry of the index. A
 * blob is named by the row of its first copy.
 */
export class UsedBlobs {
  readonly #index: BlobIndex
  /** 1 for a blob that is needed. */
  readonly #marks: Uint8Array

  constructor(index: BlobIndex) {
    this.#index = index
    this.#marks = new Uint8Array(index.size)
  }

  /** @returns false when the blob is in no index */
  add(type: BlobType, id: BlobId): boolean {
    const row = this.#index.rowOf(type, id)
    if (row === -1) return false
    this.#marks[row] = 1
    return true
  }

  has(firstCopy: number): boolean {
    return this.#marks[firstCopy] === 1
  }

  /** Copies of each needed blob, at the row of its first copy; 255 stands for more. Repeated entries count once. */
  countCopies(): Uint8Array {
    const copies = new Uint8Array(this.#index.size)
    for (let row = 0; row < this.#index.size; row++) {
      const blob = this.#index.firstCopy(row)
      if (this.has(blob) && !this.#index.isRepeat(row) && copies[blob]! < MOST_COUNTED) copies[blob]!++
    }
    return copies
  }
}

export interface UsedBlobsSearch {
  readonly repository: Repository
  readonly index: BlobIndex
  readonly snapshots: readonly StoredSnapshot[]
  readonly signal?: AbortSignal | undefined
  readonly onTree: () => void
}

/**
 * Reads every tree of the snapshots once and notes what they need.
 *
 * @throws {PruneRefusedError} a tree cannot be read, or something needed is in no index: what is not needed cannot be known
 */
export async function findUsedBlobs(search: UsedBlobsSearch): Promise<UsedBlobs> {
  const { repository, index, snapshots, signal, onTree } = search
  const reader = new BlobReader(repository.backend, repository.cipher)
  const used = new UsedBlobs(index)
  let missing = 0
  let firstMissing: { path: string; snapshot: StoredSnapshot } | undefined
  await walkTrees(
    snapshots.map(({ tree }) => tree),
    {
      read: async (id) => decodeTree(await reader.read(index, 'tree', id, signal)),
      concurrency: repository.backend.connections,
      signal,
      onTree: (id, { nodes }, place) => {
        onTree()
        used.add('tree', id)
        for (const { name, content } of nodes) {
          for (const blob of content ?? []) {
            if (used.add('data', blob)) continue
            missing++
            firstMissing ??= { path: childPath(pathOfPlace(place), name), snapshot: snapshots[place.root]! }
          }
        }
      },
      onUnreadable: (_, error, place) => {
        if (!isDamage(error)) throw error
        const where = `${printablePath(pathOfPlace(place))} in snapshot ${shortId(snapshots[place.root]!.id)}`
        throw refusal(`the directory ${where} cannot be read: ${error.message}`, error)
      },
    },
  )
  if (firstMissing) {
    const { path, snapshot } = firstMissing
    const parts = missing === 1 ? 'one part' : `${missing} parts`
    throw refusal(
      `${parts} of files are in no index, the first of ${printablePath(path)} in snapshot ${shortId(snapshot.id)}`,
    )
  }
  return used
}

function refusal(problem: string, cause?: unknown): PruneRefusedError {
  return new PruneRefusedError(`${problem}; nothing was changed, since what is not needed cannot be known`, {
    hint: 'run `hikae check`: it says what is damaged and which repair helps; prune after that',
    cause,
  })
}
