import { type PruneRules, unusedLimit } from './options.ts'
import type { BlobTotals, PackFacts } from './pack-facts.ts'
import type { PlannedPack, PruneStatistics, RepackReason } from './report.ts'

/** Fewer small packs are not worth the trouble; one that is alone would be repacked again and again. */
const FEWEST_SMALL_PACKS = 10

export interface RepackDecision extends PackFacts {
  readonly reasons: readonly RepackReason[]
}

export interface PruneDecision {
  /** In the order in which they are worth the trouble. */
  readonly repack: readonly RepackDecision[]
  /** Nothing in them is needed. */
  readonly unused: readonly PackFacts[]
  readonly statistics: PruneStatistics
}

export interface PackSurvey {
  /** Indexed, and there. */
  readonly present: readonly PackFacts[]
  /** Indexed, not there, and not needed. */
  readonly missing: readonly PackFacts[]
  /** There, and in no index. */
  readonly unindexed: readonly PlannedPack[]
  readonly totals: BlobTotals
}

/** The packs that are there, sorted into kept, unused and to be repacked (§19.3, §19.4). Pure. */
export function decide({ present, missing, unindexed, totals }: PackSurvey, rules: PruneRules): PruneDecision {
  const unused: PackFacts[] = []
  const candidates: RepackDecision[] = []
  const small: RepackDecision[] = []
  const counts = { used: 0, partlyUsed: 0, all: 0 }
  let uncompressedBytes = 0
  for (const pack of present) {
    counts.all++
    if (pack.usedBlobs > 0) counts[pack.unusedBlobs === 0 ? 'used' : 'partlyUsed']++
    if (pack.hasUncompressed && rules.version === 2) uncompressedBytes += sizeOf(pack)
    if (pack.usedBlobs === 0) {
      unused.push(pack)
      continue
    }
    if (rules.repackCacheableOnly && pack.type === 'data') continue
    const reasons = reasonsFor(pack, rules)
    if (reasons.length === 0) continue
    if (reasons.every((reason) => reason === 'small')) small.push({ ...pack, reasons })
    else candidates.push({ ...pack, reasons })
  }
  if (small.length >= FEWEST_SMALL_PACKS) candidates.push(...small)
  candidates.sort((a, b) => byUrgency(a, b, rules.smallPackBytes))
  const gone = [...unused, ...missing]
  const removedBytes = sum(gone, ({ unusedBytes }) => unusedBytes)
  const removable = totals.duplicate.bytes + totals.unused.bytes - removedBytes
  const repack = choose(candidates, removable, unusedLimit(rules.maxUnused, totals.used.bytes), rules)
  const repackedWithUncompressed = repack.filter(({ hasUncompressed }) => hasUncompressed)
  if (rules.version === 2) uncompressedBytes -= sum(repackedWithUncompressed, sizeOf)
  return {
    repack,
    unused,
    statistics: {
      blobs: {
        used: totals.used.blobs,
        duplicate: totals.duplicate.blobs,
        unused: totals.unused.blobs,
        removed: sum(gone, ({ unusedBlobs }) => unusedBlobs),
        repacked: sum(repack, ({ usedBlobs, unusedBlobs }) => usedBlobs + unusedBlobs),
        removedByRepacking: sum(repack, ({ unusedBlobs }) => unusedBlobs),
      },
      bytes: {
        used: totals.used.bytes,
        duplicate: totals.duplicate.bytes,
        unused: totals.unused.bytes,
        removed: removedBytes,
        repacked: sum(repack, sizeOf),
        removedByRepacking: sum(repack, ({ unusedBytes }) => unusedBytes),
        unindexed: sum(unindexed, ({ size }) => size),
        uncompressed: uncompressedBytes,
      },
      packs: {
        used: counts.used,
        partlyUsed: counts.partlyUsed,
        unused: unused.length,
        unindexed: unindexed.length,
        kept: counts.all - unused.length - repack.length,
        repacked: repack.length,
      },
    },
  }
}

/** Bytes of the pack, if it is as the index says. */
export function sizeOf({ usedBytes, unusedBytes }: PackFacts): number {
  return usedBytes + unusedBytes
}

function reasonsFor(pack: PackFacts, rules: PruneRules): RepackReason[] {
  const reasons: RepackReason[] = []
  if (pack.unusedBlobs > 0) reasons.push('partly-used')
  if (pack.type === 'mixed') reasons.push('mixed')
  if (mustCompress(pack, rules)) reasons.push('uncompressed')
  if (sizeOf(pack) < rules.smallPackBytes) reasons.push('small')
  return reasons
}

function mustCompress({ type, hasUncompressed }: PackFacts, { version, repackUncompressed }: PruneRules): boolean {
  return version === 2 && hasUncompressed && (type === 'tree' || repackUncompressed)
}

/** Directories first, which every program reads; then small packs; then those with the largest unused share. */
function byUrgency(a: PackFacts, b: PackFacts, smallPackBytes: number): number {
  const class_ = (pack: PackFacts): number => {
    if (pack.type !== 'data') return sizeOf(pack) < smallPackBytes ? 0 : 1
    return sizeOf(pack) < smallPackBytes ? 2 : 3
  }
  const difference = class_(a) - class_(b)
  if (difference !== 0) return difference
  const share = (pack: PackFacts): number => pack.unusedBytes / sizeOf(pack)
  return share(b) - share(a) || (a.id < b.id ? -1 : 1)
}

function choose(
  candidates: readonly RepackDecision[],
  removableBytes: number,
  unusedBytesAllowed: number,
  rules: PruneRules,
): RepackDecision[] {
  const chosen: RepackDecision[] = []
  let bytes = 0
  let unusedLeft = removableBytes
  for (const pack of candidates) {
    if (bytes + sizeOf(pack) >= rules.maxRepackBytes) continue
    const isUrgent = pack.type !== 'data' || mustCompress(pack, rules) || sizeOf(pack) < rules.smallPackBytes
    if (!isUrgent && unusedLeft < unusedBytesAllowed) continue
    chosen.push(pack)
    bytes += sizeOf(pack)
    unusedLeft -= pack.unusedBytes
  }
  return chosen
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}
