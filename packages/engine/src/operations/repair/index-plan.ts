import { mapConcurrently } from '../../concurrency.ts'
import type { IndexId, PackId } from '../../ids.ts'
import { BlobIndex } from '../../index/blob-index.ts'
import { IdSet } from '../../index/id-set.ts'
import type { IndexedPack } from '../../index/index-file.ts'
import { isSameEntry, type PackedBlob } from '../../pack/blob.ts'
import { packFileSize } from '../../pack/header.ts'
import { isDamage } from '../../repository/damage.ts'
import { readPackHeader } from '../../repository/pack-header.ts'
import type { Repository } from '../../repository/repository.ts'
import { withoutRepeats } from '../check/check-index.ts'
import { filesNaming, type IndexFiles, loadIndexFiles, packsNamedTwice } from './index-files.ts'

/** A pack that cannot say itself what it holds. */
export interface DamagedPackFile {
  readonly id: PackId
  readonly reason: string
  /** What the index knows of it, and goes on to know; 0 when it is in no index. */
  readonly indexedBlobs: number
}

/** What is wrong with the index of a repository, and what a repair makes of it. */
export interface IndexRepairPlan {
  readonly unreadableIndexes: readonly { readonly id: IndexId; readonly reason: string }[]
  /** Packs that no index named. */
  readonly added: readonly PackId[]
  /** Packs of which the index said something else than they do. */
  readonly corrected: readonly PackId[]
  /** Packs that more than one index file named, which are now named once. */
  readonly merged: readonly PackId[]
  /** Packs that the index named but that are not there; they are dropped from it. */
  readonly missing: readonly PackId[]
  /** Blobs that lay in dropped packs, or were said to, and of which the index knows no other copy. */
  readonly lostBlobs: number
  /** Packs whose header cannot be read, for `repairPacks`. What the index knew of them stays in it. */
  readonly damaged: readonly DamagedPackFile[]
  /** Packs whose header was read. */
  readonly headersRead: number
  /** What those packs say they hold. */
  readonly headers: BlobIndex
  /** Index files that are replaced: those that cannot be read, and those that say something wrong. */
  readonly obsolete: readonly IndexId[]
  /** What the new index files say, one pack after the other. */
  readonly replacement: () => Iterable<IndexedPack>
}

export interface IndexPlanOptions {
  /** `all` asks every pack what it holds; `suspect` only those of which the index says nothing, or something impossible. */
  readonly packs: 'suspect' | 'all'
  readonly signal?: AbortSignal | undefined
  readonly onHeader?: ((done: number, total: number) => void) | undefined
}

/**
 * Compares index files with the packs that are stored, by their sizes and where these do not fit by their headers (§20).
 * Changes nothing. Memory: the index, and that of the packs whose headers are read.
 */
export async function planIndexRepair(repository: Repository, options: IndexPlanOptions): Promise<IndexRepairPlan> {
  const files = await loadIndexFiles(repository, options.signal)
  const sizes = new Map<PackId, number>()
  for (const { id, size } of await repository.listIds('pack', options.signal)) sizes.set(id, size)
  const { suspect, missing } = comparePacks(files.index, sizes, options)
  const headers = await readHeaders(repository, suspect, options)
  const { added, corrected, damaged } = sortHeaders(files.index, headers)

  const merged = packsNamedTwice(files)
  const dropped = new Set([...missing, ...corrected])
  const outdated = filesNaming(files, new Set([...dropped, ...merged]))
  return {
    unreadableIndexes: Array.from(files.unreadable, ([id, { message }]) => ({ id, reason: message })),
    added,
    corrected,
    merged: [...merged].filter((id) => !dropped.has(id)),
    missing,
    lostBlobs: countLost(files.index, dropped, headers.found),
    damaged,
    headersRead: suspect.size,
    headers: headers.found,
    obsolete: [...files.unreadable.keys(), ...outdated],
    replacement: () => replacement(files, outdated, dropped, headers.found, new Set([...added, ...corrected])),
  }
}

interface ComparedPacks {
  /** With their sizes in bytes. */
  readonly suspect: ReadonlyMap<PackId, number>
  readonly missing: readonly PackId[]
}

function comparePacks(index: BlobIndex, sizes: ReadonlyMap<PackId, number>, options: IndexPlanOptions): ComparedPacks {
  const suspect = new Map(sizes)
  const missing: PackId[] = []
  for (const { id, blobs } of index.packs()) {
    options.signal?.throwIfAborted()
    const size = sizes.get(id)
    if (size === undefined) missing.push(id)
    else if (options.packs === 'suspect' && isPlausible(withoutRepeats(blobs), size)) suspect.delete(id)
  }
  return { suspect, missing }
}

/** Whether the blobs lie one behind the other and leave just enough room for their header. */
function isPlausible(blobs: readonly PackedBlob[], size: number): boolean {
  const isGapless = blobs.every(({ offset }, at) => {
    const before = blobs[at - 1]
    return offset === (before === undefined ? 0 : before.offset + before.length)
  })
  return blobs.length > 0 && isGapless && packFileSize(blobs) === size
}

interface Headers {
  /** What the packs say. */
  readonly found: BlobIndex
  readonly unreadable: ReadonlyMap<PackId, string>
}

async function readHeaders(
  repository: Repository,
  packs: ReadonlyMap<PackId, number>,
  { signal, onHeader }: IndexPlanOptions,
): Promise<Headers> {
  const found = new BlobIndex()
  const unreadable = new Map<PackId, string>()
  let done = 0
  await mapConcurrently(packs, repository.backend.connections, async ([id, size]) => {
    signal?.throwIfAborted()
    try {
      found.add(id, await readPackHeader(repository, id, size, signal))
    } catch (error) {
      if (!isDamage(error)) throw error
      unreadable.set(id, error.message)
    }
    onHeader?.(++done, packs.size)
  })
  return { found, unreadable }
}

function sortHeaders(
  index: BlobIndex,
  { found, unreadable }: Headers,
): { added: PackId[]; corrected: PackId[]; damaged: DamagedPackFile[] } {
  const indexed = new Map<PackId, readonly PackedBlob[]>()
  for (const { id, blobs } of index.packs()) {
    if (found.hasPack(id) || unreadable.has(id)) indexed.set(id, withoutRepeats(blobs))
  }
  const added: PackId[] = []
  const corrected: PackId[] = []
  for (const { id, blobs } of found.packs()) {
    const known = indexed.get(id)
    if (known === undefined) added.push(id)
    else if (!isSameList(known, blobs)) corrected.push(id)
  }
  const damaged = Array.from(unreadable, ([id, reason]) => ({
    id,
    reason,
    indexedBlobs: indexed.get(id)?.length ?? 0,
  }))
  return { added, corrected, damaged }
}

function isSameList(one: readonly PackedBlob[], other: readonly PackedBlob[]): boolean {
  return one.length === other.length && one.every((blob, at) => isSameEntry(blob, other[at]!))
}

function countLost(index: BlobIndex, dropped: ReadonlySet<PackId>, found: BlobIndex): number {
  if (dropped.size === 0) return 0
  const lost = { data: new IdSet(), tree: new IdSet() }
  for (const { type, id, pack } of index.blobs()) {
    if (!dropped.has(pack) || found.has(type, id)) continue
    if (index.findAll(type, id).every((copy) => dropped.has(copy.pack))) lost[type].add(id)
  }
  return lost.data.size + lost.tree.size
}

function* replacement(
  { index, packsOf }: IndexFiles,
  outdated: ReadonlySet<IndexId>,
  dropped: ReadonlySet<PackId>,
  found: BlobIndex,
  fromHeader: ReadonlySet<PackId>,
): Generator<IndexedPack> {
  for (const pack of found.packs()) if (fromHeader.has(pack.id)) yield pack
  const kept = new Set<PackId>()
  for (const id of outdated) for (const number of packsOf.get(id)!) kept.add(index.packIds[number]!)
  for (const { id, blobs } of index.packs()) {
    if (kept.has(id) && !dropped.has(id)) yield { id, blobs: withoutRepeats(blobs) }
  }
}
