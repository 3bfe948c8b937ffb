import { shortId, type PackId } from '../../ids.ts'
import { packFileSize } from '../../pack/header.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import type { Repository } from '../../repository/repository.ts'
import { type CheckedIndex, hasOverlap, withoutRepeats } from './check-index.ts'
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
  for (const { id, blobs } of checked.index.packs()) {
    signal?.throwIfAborted()
    const size = sizes.get(id)
    sizes.delete(id)
    const isSound = comparePack(id, size, withoutRepeats(blobs), findings)
    if (size === undefined) missing.push(id)
    else if (isSound) sound.push({ id, size })
    else suspect.push({ id, size })
  }
  hintAtRepeats(checked, findings)
  const unindexed = Array.from(sizes, ([id, size]) => ({ id, size }))
  return { sound, suspect, missing, unindexed, indexed: checked.index.packIds.length }
}

function comparePack(id: PackId, size: number | undefined, blobs: readonly PackedBlob[], findings: Findings): boolean {
  const { errors, hints } = findings
  const what = `pack ${shortId(id)} (${countOf(blobs)})`
  if (blobs.some(({ type }) => type !== blobs[0]!.type)) {
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
  const expected = packFileSize(blobs)
  if (size === expected) return true
  const message = `${what} has ${size} bytes instead of ${expected}: it is truncated, or the index is wrong`
  errors.add({ kind: 'pack-size', message, pack: id })
  return false
}

function countOf(blobs: readonly PackedBlob[]): string {
  const trees = blobs.filter(({ type }) => type === 'tree').length
  const data = blobs.length - trees
  const parts = [...(data > 0 ? [`${data} data`] : []), ...(trees > 0 ? [`${trees} tree`] : [])]
  return `${parts.join(' and ') || 'no'} blob${blobs.length === 1 ? '' : 's'}`
}

function hintAtRepeats({ repeatedPacks }: CheckedIndex, { hints }: Findings): void {
  for (const pack of repeatedPacks) {
    const message = `pack ${shortId(pack)} is named by several index files`
    hints.add({ kind: 'pack-in-several-indexes', message, pack })
  }
}
