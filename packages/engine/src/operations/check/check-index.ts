import { mapConcurrently } from '../../concurrency.ts'
import { shortId, type IndexId, type PackId } from '../../ids.ts'
import { BlobIndex } from '../../index/blob-index.ts'
import { decodeIndex, estimateBlobs } from '../../index/index-file.ts'
import { isSameEntry, type PackedBlob } from '../../pack/blob.ts'
import { type BlobColumns, numbersIn } from '../../pack/blob-columns.ts'
import type { Repository } from '../../repository/repository.ts'
import type { Findings } from './findings.ts'
import { isUnreadable, kindOfUnreadable } from './unreadable.ts'

/** All index files that can be read, merged. */
export interface CheckedIndex {
  readonly index: BlobIndex
  /** Packs that more than one index file names. */
  readonly repeatedPacks: ReadonlySet<PackId>
}

/** Loads the index files one by one, so that a damaged one is a finding and not the end. */
export async function loadIndexFiles(
  repository: Repository,
  findings: Findings,
  signal?: AbortSignal,
): Promise<CheckedIndex> {
  const index = new BlobIndex()
  const firstIndexOf = new Map<PackId, IndexId>()
  const repeatedPacks = new Set<PackId>()
  const stored = await repository.listIds('index', signal)
  index.reserve(estimateBlobs(stored, repository.config.version))
  await mapConcurrently(stored, repository.backend.connections, async ({ id }) => {
    try {
      const plaintext = await repository.readUnpacked('index', id, signal)
      let number = 0
      decodeIndex(plaintext, {
        pack: (pack) => {
          number = index.addPack(pack)
          const first = firstIndexOf.get(pack)
          if (first === undefined) firstIndexOf.set(pack, id)
          else if (first !== id) repeatedPacks.add(pack)
        },
        blob: (type, raw, offset, length, uncompressed) =>
          index.addRaw(number, type, raw, offset, length, uncompressed),
      })
    } catch (error) {
      if (!isUnreadable(error)) throw error
      const kind = kindOfUnreadable(error, 'index-unreadable')
      const message = `index ${shortId(id)} cannot be read: ${error.message}`
      findings.errors.add({ kind, message, index: id })
    }
  })
  return { index, repeatedPacks }
}

/** Equal entries, from a pack that several index files name, become one. `blobs` are in order of their offsets. */
export function withoutRepeats(blobs: readonly PackedBlob[]): PackedBlob[] {
  return blobs.filter((blob, at) => {
    for (let before = at - 1; before >= 0 && blobs[before]!.offset === blob.offset; before--) {
      if (isSameEntry(blobs[before]!, blob)) return false
    }
    return true
  })
}

/** Whether two entries claim the same bytes of the pack. `blobs` are in order of their offsets. */
export function hasOverlap(blobs: BlobColumns): boolean {
  let end = 0
  for (const { offset, length } of numbersIn(blobs)) {
    if (offset < end) return true
    end = offset + length
  }
  return false
}
