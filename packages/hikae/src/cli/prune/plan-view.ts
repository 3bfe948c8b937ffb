import type { PrunePlan, PruneStatistics, RepackedPack } from '@hikae/engine'
import { formatBytes, formatPercent, formatQuantity } from '../output/format.ts'
import type { Output } from '../output/output.ts'
import { shortId } from '../output/snapshot.ts'

const REASONS: Readonly<Record<RepackedPack['reasons'][number], string>> = {
  'partly-used': 'partly unneeded',
  mixed: 'data and directories mixed',
  uncompressed: 'not compressed',
  small: 'small',
}

/** What the plan comes to; every pack with `-v`. */
export function printPlan(plan: PrunePlan, out: Output): void {
  const { packs, bytes, blobs } = plan.statistics
  printPacks(plan, out)
  out.note(`needed:     ${formatQuantity(blobs.used, 'blob')}, ${formatBytes(bytes.used)}`)
  out.note(`not needed: ${formatBytes(unusedNow(bytes))}, ${formatPercent(unusedShareNow(bytes))} of what is indexed`)
  if (packs.unindexed > 0) {
    out.note(`to delete:  ${formatQuantity(packs.unindexed, 'pack')} in no index, ${formatBytes(bytes.unindexed)}`)
  }
  if (packs.unused + plan.missing.length > 0) {
    out.note(`to delete:  ${formatQuantity(packs.unused, 'pack')} without needed data, ${formatBytes(bytes.removed)}`)
  }
  if (plan.missing.length > 0) {
    out.note(`to forget:  ${formatQuantity(plan.missing.length, 'pack')} without needed data that cannot be found`)
  }
  if (packs.repacked > 0) {
    const why = [...countReasons(plan)].map(([reason, count]) => `${count} ${REASONS[reason]}`).join(', ')
    const size = `${formatBytes(bytes.repacked)}, ${formatBytes(bytes.removedByRepacking)} of it not needed`
    out.note(`to rewrite: ${formatQuantity(packs.repacked, 'pack')} (${why}), ${size}`)
  }
  out.note(`afterwards: ${formatBytes(remaining(bytes))}, ${formatPercent(unusedShareAfter(bytes))} of it not needed`)
}

function printPacks({ unindexed, unused, missing, repack }: PrunePlan, out: Output): void {
  for (const { id, size } of unindexed) out.detail(`delete ${shortId(id)}, ${formatBytes(size)}: in no index`)
  for (const { id, size } of unused) out.detail(`delete ${shortId(id)}, ${formatBytes(size)}: nothing in it is needed`)
  for (const id of missing) out.detail(`forget ${shortId(id)}: not there, and nothing in it is needed`)
  for (const { id, size, reasons } of repack) {
    out.detail(`rewrite ${shortId(id)}, ${formatBytes(size)}: ${reasons.map((reason) => REASONS[reason]).join(', ')}`)
  }
}

function countReasons({ repack }: PrunePlan): Map<RepackedPack['reasons'][number], number> {
  const counts = new Map<RepackedPack['reasons'][number], number>()
  // The first is the one that decided.
  for (const { reasons } of repack) counts.set(reasons[0]!, (counts.get(reasons[0]!) ?? 0) + 1)
  return counts
}

/** A document, or the first of two. */
export function planJson(plan: PrunePlan, options: { dryRun: boolean }): object {
  const { packs, bytes, blobs } = plan.statistics
  return {
    message_type: 'plan',
    dry_run: options.dryRun,
    blobs: {
      used: blobs.used,
      duplicate: blobs.duplicate,
      unused: blobs.unused,
      removed: blobs.removed,
      repacked: blobs.repacked,
      removed_by_repacking: blobs.removedByRepacking,
    },
    bytes: {
      used: bytes.used,
      duplicate: bytes.duplicate,
      unused: bytes.unused,
      removed: bytes.removed,
      repacked: bytes.repacked,
      removed_by_repacking: bytes.removedByRepacking,
      unindexed: bytes.unindexed,
      uncompressed: bytes.uncompressed,
    },
    packs: {
      used: packs.used,
      partly_used: packs.partlyUsed,
      unused: packs.unused,
      unindexed: packs.unindexed,
      kept: packs.kept,
      repacked: packs.repacked,
    },
    unused_share_before: unusedShareNow(bytes),
    unused_share_after: unusedShareAfter(bytes),
    remaining_bytes: remaining(bytes),
    unindexed: plan.unindexed,
    unused: plan.unused,
    missing: plan.missing,
    repack: plan.repack.map(({ id, size, usedBytes, unusedBytes, reasons }) => ({
      id,
      size,
      used_bytes: usedBytes,
      unused_bytes: unusedBytes,
      reasons,
    })),
  }
}

type Bytes = PruneStatistics['bytes']

function unusedNow({ unused, duplicate }: Bytes): number {
  return unused + duplicate
}

function unusedAfter(bytes: Bytes): number {
  return unusedNow(bytes) - bytes.removed - bytes.removedByRepacking
}

function remaining(bytes: Bytes): number {
  return bytes.used + unusedAfter(bytes)
}

function unusedShareNow(bytes: Bytes): number {
  return share(unusedNow(bytes), bytes.used + unusedNow(bytes))
}

function unusedShareAfter(bytes: Bytes): number {
  return share(unusedAfter(bytes), remaining(bytes))
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
