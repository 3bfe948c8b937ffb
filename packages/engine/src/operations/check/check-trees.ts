import { mapConcurrently } from '../../concurrency.ts'
import { childPath, printablePath } from '../../filesystem/byte-path.ts'
import { shortId, type SnapshotId, type TreeId } from '../../ids.ts'
import { BlobReader } from '../../repository/blob-reader.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { decodeTree } from '../../tree/decode.ts'
import type { Tree } from '../../tree/node.ts'
import { pathOfPlace, type TreePlace, walkTrees } from '../tree-walk.ts'
import { problemOf } from './entry-problem.ts'
import type { FindingKind, Findings } from './findings.ts'
import type { BlobPlaces } from './unindexed.ts'
import { isUnreadable, kindOfUnreadable } from './unreadable.ts'

export interface ReadSnapshots {
  /** Newest first, so that damage is named where it matters. */
  readonly snapshots: readonly StoredSnapshot[]
  readonly unreadable: readonly SnapshotId[]
}

/** Every snapshot that can be read; the others become findings. */
export async function readSnapshots(
  repository: Repository,
  findings: Findings,
  signal?: AbortSignal,
): Promise<ReadSnapshots> {
  const unreadable: SnapshotId[] = []
  const stored = await repository.listIds('snapshot', signal)
  const read = await mapConcurrently(stored, repository.backend.connections, async ({ id }) => {
    try {
      return await repository.readSnapshot(id, signal)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      unreadable.push(id)
      const kind = kindOfUnreadable(error, 'snapshot-unreadable')
      const message = `snapshot ${shortId(id)} cannot be read: ${error.message}`
      findings.errors.add({ kind, message, snapshot: id })
      return undefined
    }
  })
  const snapshots = read.filter((snapshot) => snapshot !== undefined)
  return { snapshots: snapshots.sort((a, b) => Date.parse(b.time) - Date.parse(a.time)), unreadable }
}

/** Reads trees from wherever they are, in the index or not. */
export function treeReader(
  repository: Repository,
  places: BlobPlaces,
  signal: AbortSignal | undefined,
): (id: TreeId) => Promise<Tree> {
  const reader = new BlobReader(repository.backend, repository.cipher)
  return async (id) => {
    const index = places.find('tree', id) === 'unindexed' ? places.unindexed : places.index
    return decodeTree(await reader.read(index, 'tree', id, signal))
  }
}

export interface TreeCheck {
  readonly repository: Repository
  readonly places: BlobPlaces
  readonly snapshots: readonly StoredSnapshot[]
  readonly findings: Findings
  readonly signal?: AbortSignal | undefined
  /** Told of every tree that was read. */
  readonly onTree: () => void
}

/** Reads every tree of the snapshots once and looks at each entry (§17.4). */
export async function checkTrees({
  repository,
  places,
  snapshots,
  findings,
  signal,
  onTree,
}: TreeCheck): Promise<void> {
  function report(kind: FindingKind, place: TreePlace, name: string | undefined, problem: string): void {
    const path = name === undefined ? pathOfPlace(place) : childPath(pathOfPlace(place), name)
    const snapshot = snapshots[place.root]!.id
    const message = `${printablePath(path)} in snapshot ${shortId(snapshot)} ${problem}`
    findings.errors.add({ kind, message, snapshot, path })
  }

  await walkTrees(
    snapshots.map(({ tree }) => tree),
    {
      read: treeReader(repository, places, signal),
      concurrency: repository.backend.connections,
      signal,
      onTree: (id, { nodes }, place) => {
        onTree()
        if (places.find('tree', id) === 'unindexed') {
          report('directory-unindexed', place, undefined, 'is listed in a pack that no index names')
        }
        for (const node of nodes) {
          const problem = problemOf(node, places)
          if (problem) report(problem.kind, place, node.name, problem.text)
        }
      },
      onUnreadable: (_, error, place) => {
        if (!isUnreadable(error)) throw error
        report(kindOfUnreadable(error, 'tree-unreadable'), place, undefined, `cannot be listed: ${error.message}`)
      },
    },
  )
}
