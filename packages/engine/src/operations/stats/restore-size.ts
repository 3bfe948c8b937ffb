import type { TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import type { Node } from '../../tree/node.ts'
import { walkTrees } from '../tree-walk.ts'

/** What one tree says, without the trees below. */
interface TreeSize {
  readonly files: number
  /** Bytes of everything with one link. */
  readonly size: number
  readonly linked: readonly LinkedFile[]
  /** Numbers of the trees below, one for each directory. */
  readonly below: Uint32Array
}

interface LinkedFile {
  /** Undefined for a file without an inode: its size counts every time, as in restic. */
  readonly key: string | undefined
  readonly size: number
}

/**
 * What restoring each snapshot would write. Every tree is read once, however many snapshots have it; its numbers are kept
 * in about 200 bytes.
 */
export async function countRestoreSize(
  repository: Repository,
  snapshots: readonly Pick<Snapshot, 'tree'>[],
  signal?: AbortSignal,
): Promise<{ totalSize: number; totalFiles: number }> {
  const numbers = new IdSet()
  const trees: TreeSize[] = []
  await walkTrees(
    snapshots.map(({ tree }) => tree),
    {
      read: (id) => repository.readTree(id, signal),
      concurrency: repository.backend.connections,
      signal,
      onTree: (id, { nodes }) => {
        trees[numbers.numberOf(id)] = sizeOf(nodes, numbers)
      },
    },
  )
  let [totalSize, totalFiles] = [0, 0]
  for (const { tree } of snapshots) {
    const sum = sumOfSnapshot(trees, numbers, tree)
    totalSize += sum.size
    totalFiles += sum.files
  }
  return { totalSize, totalFiles }
}

function sizeOf(nodes: readonly Node[], numbers: IdSet): TreeSize {
  let size = 0
  const linked: LinkedFile[] = []
  const below: number[] = []
  for (const { type, size: bytes = 0, links, inode, deviceId, subtree } of nodes) {
    if (links === 1n || type === 'dir' || bytes === 0) size += bytes
    else linked.push({ key: inode === undefined ? undefined : `${inode} ${deviceId ?? 0n}`, size: bytes })
    if (type === 'dir' && subtree !== undefined) below.push(numbers.numberOf(subtree))
  }
  return { files: nodes.length, size, linked, below: Uint32Array.from(below) }
}

/** A tree that occurs at several places counts at each of them. */
function sumOfSnapshot(trees: readonly TreeSize[], numbers: IdSet, root: TreeId): { files: number; size: number } {
  let [files, size] = [0, 0]
  const seen = new Set<string>()
  const waiting = [numbers.numberOf(root)]
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    const tree = trees[number]!
    files += tree.files
    size += tree.size
    for (const { key, size: bytes } of tree.linked) {
      if (key !== undefined && seen.has(key)) continue
      if (key !== undefined) seen.add(key)
      size += bytes
    }
    for (const child of tree.below) waiting.push(child)
  }
  return { files, size }
}
