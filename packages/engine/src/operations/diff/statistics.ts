import type { BlobId, TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import type { BlobType } from '../../pack/blob.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Node } from '../../tree/node.ts'
import { plaintextSize } from '../plaintext-size.ts'
import { walkTrees } from '../tree-walk.ts'

/** What one side has and the other has not, as restic counts it. */
export interface DiffSideStatistics {
  readonly files: number
  readonly dirs: number
  readonly others: number
  readonly dataBlobs: number
  readonly treeBlobs: number
  /** Plaintext of these blobs. */
  readonly bytes: number
}

export interface DiffStatistics {
  /** Files on both sides, with another content. */
  readonly changedFiles: number
  readonly added: DiffSideStatistics
  readonly removed: DiffSideStatistics
}

/** Blobs of both types. */
class BlobSet {
  readonly data = new IdSet()
  readonly tree = new IdSet()

  addTree(id: TreeId): void {
    this.tree.add(id)
  }

  /** What the entry itself refers to. */
  addNode({ type, content, subtree }: Node): void {
    if (type === 'dir' && subtree !== undefined) this.tree.add(subtree)
    if (type === 'file') for (const id of content ?? []) this.data.add(id)
  }

  has(type: BlobType, id: BlobId): boolean {
    return this[type].has(id)
  }
}

/** Counts along a comparison. Memory: 50 bytes per blob of the directories that differ. */
export class DiffCount {
  readonly before = new BlobSet()
  readonly after = new BlobSet()
  /** Trees that are the same on both sides. */
  readonly common: TreeId[] = []
  readonly added = { files: 0, dirs: 0, others: 0 }
  readonly removed = { files: 0, dirs: 0, others: 0 }
  changedFiles = 0

  /**
   * A blob that also occurs in a common tree is neither added nor removed, so these are walked, as long as there are
   * blobs that it could concern.
   */
  async finish(repository: Repository, signal: AbortSignal | undefined): Promise<DiffStatistics> {
    const removed = onlyIn(this.before, this.after)
    const added = onlyIn(this.after, this.before)
    if (removed.size + added.size > 0) await this.#dropCommon(repository, [removed, added], signal)
    return {
      changedFiles: this.changedFiles,
      added: { ...this.added, ...sum(repository, added) },
      removed: { ...this.removed, ...sum(repository, removed) },
    }
  }

  async #dropCommon(repository: Repository, candidates: Set<string>[], signal: AbortSignal | undefined): Promise<void> {
    const drop = (key: string): void => {
      for (const set of candidates) set.delete(key)
    }
    await walkTrees(this.common, {
      read: (id) => repository.readTree(id, signal),
      concurrency: repository.backend.connections,
      signal,
      onTree: (_, { nodes }) => {
        for (const { type, content, subtree } of nodes) {
          if (type === 'dir' && subtree !== undefined) drop(keyOf('tree', subtree))
          if (type === 'file') for (const id of content ?? []) drop(keyOf('data', id))
        }
      },
      // Common to both sides: it cannot be counted, and says nothing about the difference.
      onUnreadable: () => undefined,
    })
  }
}

function keyOf(type: BlobType, id: BlobId): string {
  return type === 'tree' ? `t${id}` : `d${id}`
}

function onlyIn(side: BlobSet, other: BlobSet): Set<string> {
  const keys = new Set<string>()
  for (const type of ['data', 'tree'] as const) {
    for (const id of side[type]) if (!other.has(type, id)) keys.add(keyOf(type, id))
  }
  return keys
}

function sum(
  { index }: Repository,
  keys: ReadonlySet<string>,
): Pick<DiffSideStatistics, 'dataBlobs' | 'treeBlobs' | 'bytes'> {
  let [dataBlobs, treeBlobs, bytes] = [0, 0, 0]
  for (const key of keys) {
    const type = key.startsWith('t') ? 'tree' : 'data'
    if (type === 'tree') treeBlobs++
    else dataBlobs++
    const location = index.find(type, key.slice(1) as BlobId)
    if (location) bytes += plaintextSize(location)
  }
  return { dataBlobs, treeBlobs, bytes }
}
