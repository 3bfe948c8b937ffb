import { shortId, type PackId } from '../../ids.ts'
import { type BlobColumns, blobsInColumns, numbersIn } from '../../pack/blob-columns.ts'
import { packFileSize } from '../../pack/header.ts'
import { release } from '../../pack/release.ts'
import type { Repository } from '../../repository/repository.ts'
import { type CheckedIndex, hasOverlap } from './check-index.ts'
import type { Findings } from './findings.ts'

/** A pack that is there. */
export interface StoredPack {
  readonly id: PackId
  /** Bytes of the file. */
  readonly size: number
}

export interface ComparedPacks {
  /** There, with the size that its entries in the index give it. */
  readonly sound: readonly StoredPack[]
  /** There, but of another size, or described in contradicting ways. */
  readonly suspect: readonly StoredPack[]
  readonly missing: readonly PackId[]
  /** There, but in no index. */
  readonly unindexed: readonly StoredPack[]
  /** Packs that the index names. */
  readonly indexed: number
}

/** Compares the packs that are stored with what the index says of them (§17.3). Reads no pack. */
export async function comparePacks(
  repository: Repository,
  checked: CheckedIndex,
  findings: Findings,
  signal?: AbortSignal,
): Promise<ComparedPacks> {
  const sizes = new Map<PackId, number>()
  for (const { id, size } of await repository.listIds('pack', signal)) sizes.set(id, size)
  const sound: StoredPack[] = []
  const suspect: StoredPack[] = []
  const missing: PackId[] = []
  const { starts, rows } = checked.index.rowsByPack()
  for (const [number, id] of checked.index.packIds.entries()) {
    signal?.throwIfAborted()
    const size = sizes.get(id)
    sizes.delete(id)
    const blobs = checked.index.columnsOf(rows.subarray(starts[number], starts[number + 1]))
    const isSound = comparePack(id, size, blobs, findings)
    release(blobs.ids, blobs.numbers)
    if (size === undefined) missing.push(id)
    else if (isSound) sound.push({ id, size })
    else suspect.push({ id, size })
  }
  hintAtRepeats(checked, findings)
  const unindexed = Array.from(sizes, ([id, size]) => ({ id, size }))
  return { sound, suspect, missing, unindexed, indexed: checked.index.packIds.length }
}

function comparePack(id: PackId, size: number | undefined, blobs: BlobColumns, findings: Findings): boolean {
  const { errors, hints } = findings
  const count = blobsInColumns(blobs)
  const trees = treesIn(blobs)
  const what = `pack ${shortId(id)} (${countOf(count - trees, trees)})`
  if (trees > 0 && trees < count) {
    hints.add({ kind: 'pack-mixed', message: `${what} holds both data and directories`, pack: id })
  }
  if (size === undefined) {
    errors.add({ kind: 'pack-missing', message: `${what} is missing`, pack: id })
    return false
  }
  if (hasOverlap(blobs)) {
    errors.add({ kind: 'index-conflict', message: `${what} has different data in indexes`, pack: id })
    return false
  }
  const expected = packFileSize(numbersIn(blobs))
  if (size === expected) return true
  const message = `${what} has ${size} bytes instead of ${expected}: it is truncated, or the index is wrong`
  errors.add({ kind: 'pack-size', message, pack: id })
  return false
}

function treesIn(blobs: BlobColumns): number {
  let trees = 0
  for (const { type } of numbersIn(blobs)) if (type === 'tree') trees++
  return trees
}

function countOf(data: number, trees: number): string {
  const parts = [...(data > 0 ? [`${data} data`] : []), ...(trees > 0 ? [`${trees} tree`] : [])]
  return `${parts.join(' and ') || 'no'} blob${data + trees === 1 ? '' : 's'}`
}

function hintAtRepeats({ repeatedPacks }: CheckedIndex, { hints }: Findings): void {
  for (const pack of repeatedPacks) {
    const message = `pack ${shortId(pack)} is named by several index files`
    hints.add({ kind: 'pack-in-several-indexes', message, pack })
  }
}
