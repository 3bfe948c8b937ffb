import { childPath, printablePath } from '../../filesystem/byte-path.ts'
import { type BlobId, type PackId, shortId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import { IdSet } from '../../index/id-set.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { pathOfPlace, walkTrees } from '../tree-walk.ts'
import { treeReader } from './check-trees.ts'
import { hasListing, problemOf } from './entry-problem.ts'
import type { Findings } from './findings.ts'
import type { DamagedPack } from './read-packs.ts'
import { DamageTally, type TouchedSnapshot } from './touched-snapshots.ts'
import type { BlobPlaces } from './unindexed.ts'
import { isUnreadable } from './unreadable.ts'

/** Data blobs of which no copy is left in a pack that can be used. */
export function lostData(index: BlobIndex, missing: ReadonlySet<PackId>, damaged: readonly DamagedPack[]): IdSet {
  const badBlobs = new Map(damaged.map(({ id, blobs }) => [id, new Set(blobs.map((blob) => blob.id))]))
  const isBad = (pack: PackId, blob: BlobId): boolean => missing.has(pack) || badBlobs.get(pack)?.has(blob) === true
  const lost = new IdSet()
  const consider = ({ type, id }: PackedBlob): void => {
    if (type === 'data' && index.findAll(type, id).every(({ pack }) => isBad(pack, id))) lost.add(id)
  }
  if (missing.size > 0) {
    for (const blob of index.blobs()) if (missing.has(blob.pack)) consider(blob)
  }
  for (const { blobs } of damaged) for (const blob of blobs) consider(blob)
  return lost
}

export interface DamageSurvey {
  readonly repository: Repository
  readonly places: BlobPlaces
  readonly snapshots: readonly StoredSnapshot[]
  readonly lost: IdSet
  readonly findings: Findings
  readonly signal?: AbortSignal | undefined
}

/**
 * Names the files that need lost data, each content once, in the newest snapshot that has it, and counts for every
 * snapshot what of it is damaged in any way. What the check of the trees has named is not named again.
 *
 * @returns the snapshots that do not come back whole, in the order given
 */
export async function surveyDamage(survey: DamageSurvey): Promise<TouchedSnapshot[]> {
  const { repository, places, snapshots, lost, findings, signal } = survey
  const tally = new DamageTally()
  await walkTrees(
    snapshots.map(({ tree }) => tree),
    {
      read: treeReader(repository, places, signal),
      concurrency: repository.backend.connections,
      signal,
      onTree: (id, { nodes }, place) => {
        const damaged = { files: 0, directories: 0 }
        for (const node of nodes) {
          const problem = problemOf(node, places, lost)
          if (!problem) continue
          damaged[node.type === 'dir' ? 'directories' : 'files']++
          if (problem.kind !== 'file-affected') continue
          const path = childPath(pathOfPlace(place), node.name)
          const snapshot = snapshots[place.root]!.id
          const message = `${printablePath(path)} in snapshot ${shortId(snapshot)} ${problem.text}`
          findings.errors.add({ kind: problem.kind, message, snapshot, path })
        }
        // Its content is there, but nobody finds it before the index is repaired.
        if (places.find('tree', id) === 'unindexed') damaged.directories++
        const children = nodes.filter((node) => node.type === 'dir' && hasListing(node)).map(({ subtree }) => subtree!)
        tally.addTree(id, children, damaged.files, damaged.directories)
      },
      onUnreadable: (id, error) => {
        if (!isUnreadable(error)) throw error
        tally.addUnreadableTree(id)
      },
    },
  )
  return tally.touched(snapshots)
}
