import type { PackId } from '../../ids.ts'
import type { PlannedPack, RepackedPack } from './report.ts'

/** For what is not counted: folders, names, the lock. */
const RESERVE_BYTES = 1024 * 1024
/** Of a file system that says how much is free, other programs may take some. */
const USABLE_SHARE = 0.95

/** New packs, then the index, then old packs: after each round the repository is complete, and smaller. */
export interface Round {
  readonly repack: readonly RepackedPack[]
  readonly remove: readonly PlannedPack[]
  /** The index forgets them; they are not there. */
  readonly forget: readonly PackId[]
}

export interface RoundsOptions {
  readonly unused: readonly PlannedPack[]
  readonly repack: readonly RepackedPack[]
  readonly missing: readonly PackId[]
  /** Unused packs that hold copies of needed blobs: until all is repacked, one of them may be the only good one. */
  readonly withCopies: ReadonlySet<PackId>
  /** The index is to be rewritten even if no pack goes. */
  readonly hasRepeats: boolean
  /** Bytes that the index files may need a second time. */
  readonly indexBytes: number
  /** Bytes the storage has room for; undefined where it cannot say. */
  readonly freeBytes: () => Promise<number | undefined>
  readonly onNoRoom: (left: readonly RepackedPack[]) => void
}

/**
 * The steps of a prune. All at once, if there is room for the new packs beside the old ones. If not, what is not needed goes
 * first, and then as many packs are repacked at a time as there is room for; the old ones make room for the next.
 */
export async function* rounds(options: RoundsOptions): AsyncGenerator<Round> {
  const { unused, repack, missing, withCopies } = options
  if (unused.length + repack.length + missing.length === 0) {
    if (options.hasRepeats) yield { repack: [], remove: [], forget: [] }
    return
  }
  if (usedBytes(repack) <= (await room(options))) {
    yield { repack, remove: [...unused, ...repack], forget: missing }
    return
  }
  const first = unused.filter(({ id }) => !withCopies.has(id))
  if (first.length + missing.length > 0) yield { repack: [], remove: first, forget: missing }
  let left = repack
  while (left.length > 0) {
    const fitting = fit(left, await room(options))
    if (fitting.length === 0) {
      options.onNoRoom(left)
      return
    }
    left = left.slice(fitting.length)
    yield { repack: fitting, remove: fitting, forget: [] }
  }
  const last = unused.filter(({ id }) => withCopies.has(id))
  if (last.length > 0) yield { repack: [], remove: last, forget: [] }
}

async function room({ freeBytes, indexBytes }: RoundsOptions): Promise<number> {
  const free = await freeBytes()
  return free === undefined ? Infinity : free * USABLE_SHARE - indexBytes - RESERVE_BYTES
}

function fit(packs: readonly RepackedPack[], bytes: number): RepackedPack[] {
  let sum = 0
  const end = packs.findIndex((pack) => (sum += pack.usedBytes) > bytes)
  return end === -1 ? [...packs] : packs.slice(0, end)
}

function usedBytes(packs: readonly RepackedPack[]): number {
  return packs.reduce((sum, pack) => sum + pack.usedBytes, 0)
}
