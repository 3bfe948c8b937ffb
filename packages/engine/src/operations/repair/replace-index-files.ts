import { removeIfPresent } from '../../backend/remove-if-present.ts'
import type { IndexId } from '../../ids.ts'
import { encodeIndex, type IndexedPack } from '../../index/index-file.ts'
import { INDEX_BLOBS } from '../../repository/pack-writer.ts'
import type { Repository } from '../../repository/repository.ts'

/**
 * Puts new index files in the place of old ones. The old ones are removed when all new ones are durable (§14); until then
 * packs may be named twice, which harms nobody.
 *
 * @param holding.confirmLock asked before the first one is removed
 * @returns the new files
 */
export async function replaceIndexFiles(
  repository: Repository,
  packs: Iterable<IndexedPack>,
  obsolete: Iterable<IndexId>,
  holding: { signal?: AbortSignal | undefined; confirmLock?: (() => Promise<void>) | undefined },
): Promise<IndexId[]> {
  const { signal, confirmLock } = holding
  const stored: IndexId[] = []
  for (const group of groupsOf(packs)) {
    signal?.throwIfAborted()
    stored.push(await repository.writeUnpacked('index', encodeIndex(group), signal))
  }
  await confirmLock?.()
  for (const id of obsolete) {
    signal?.throwIfAborted()
    await removeIfPresent(repository.backend, 'index', id, signal)
  }
  return stored
}

function* groupsOf(packs: Iterable<IndexedPack>): Generator<IndexedPack[]> {
  let group: IndexedPack[] = []
  let blobs = 0
  for (const pack of packs) {
    group.push(pack)
    blobs += pack.blobs.length
    if (blobs < INDEX_BLOBS) continue
    yield group
    group = []
    blobs = 0
  }
  if (group.length > 0) yield group
}
