import { DamagedError } from '../../errors.ts'
import { FileMissingError, RangeOutsideFileError } from '../../backend/backend.ts'
import { childPath, printablePath } from '../../filesystem/byte-path.ts'
import { type BlobId, type PackId, shortId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import { IdSet } from '../../index/id-set.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import { BlobReader } from '../../repository/blob-reader.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { decodeTree } from '../../tree/decode.ts'
import { pathOfPlace, walkTrees } from '../tree-walk.ts'
import type { Findings } from './findings.ts'
import type { DamagedPack } from './read-packs.ts'

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

/**
 * Names the files that need lost data, each content once, in the newest snapshot that has it. Directories that cannot be
 * read are not looked at: the check of the trees has named them.
 */
export async function reportAffectedFiles(
  { repository, index, snapshots }: { repository: Repository; index: BlobIndex; snapshots: readonly StoredSnapshot[] },
  lost: IdSet,
  findings: Findings,
  signal?: AbortSignal,
): Promise<void> {
  const reader = new BlobReader(repository.backend, repository.cipher)
  await walkTrees(
    snapshots.map(({ tree }) => tree),
    {
      read: async (id) => decodeTree(await reader.read(index, 'tree', id, signal)),
      concurrency: repository.backend.connections,
      signal,
      onTree: (_, { nodes }, place) => {
        for (const { name, content } of nodes) {
          const missing = content?.filter((id) => lost.has(id)).length ?? 0
          if (missing === 0) continue
          const path = childPath(pathOfPlace(place), name)
          const snapshot = snapshots[place.root]!.id
          const message = `${printablePath(path)} in snapshot ${shortId(snapshot)} has lost ${missing} of ${content!.length} blobs`
          findings.errors.add({ kind: 'file-affected', message, snapshot, path })
        }
      },
      onUnreadable: (_, error) => {
        if (error instanceof DamagedError || error instanceof FileMissingError) return
        if (!(error instanceof RangeOutsideFileError)) throw error
      },
    },
  )
}
