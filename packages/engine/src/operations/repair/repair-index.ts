import type { IndexId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { type IndexRepairPlan, planIndexRepair } from './index-plan.ts'
import { replaceIndexFiles } from './replace-index-files.ts'

export interface RepairIndexOptions {
  /** `all` reads the header of every pack; `suspect`, the default, only where the index cannot be right. */
  readonly packs?: 'suspect' | 'all'
  /** Find out what would be done, and do nothing. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Throws when the lock is not held any more; asked before old index files are removed. */
  readonly confirmLock?: () => Promise<void>
  /** Told what will be done, before it is. */
  readonly onPlan?: (plan: IndexRepairPlan) => void
  readonly onProgress?: (progress: RepairIndexProgress) => void
}

export interface RepairIndexProgress {
  readonly headersDone: number
  /** As soon as it is known. */
  readonly headersTotal: number
  readonly secondsElapsed: number
}

export interface RepairIndexReport {
  readonly plan: IndexRepairPlan
  /** None in a dry run. */
  readonly newIndexes: readonly IndexId[]
}

/**
 * Makes the index say what the packs hold (§20): packs that no index names are added, wrong entries corrected by the
 * packs' own headers, missing packs dropped, unreadable index files replaced. It works when every index file is gone.
 * Index files that are right stay as they are. What an index knows of a pack whose own header cannot be read is kept:
 * without it, nothing of that pack could be saved.
 *
 * New index files are durable before old ones are removed. The caller holds an exclusive lock and need not have loaded
 * the index, which has to be loaded again afterwards.
 *
 * @throws the signal's reason, and trouble of the backend other than missing and damaged files
 */
export async function repairIndex(
  repository: Repository,
  options: RepairIndexOptions = {},
): Promise<RepairIndexReport> {
  const { packs = 'suspect', dryRun = false, onPlan, onProgress, ...holding } = options
  const startedAt = performance.now()
  let headers = { headersDone: 0, headersTotal: 0 }
  using _ticker = new ProgressTicker(onProgress, () => ({
    ...headers,
    secondsElapsed: (performance.now() - startedAt) / 1000,
  }))
  const onHeader = (headersDone: number, headersTotal: number): void => {
    headers = { headersDone, headersTotal }
  }
  const plan = await planIndexRepair(repository, { packs, signal: holding.signal, onHeader })
  onPlan?.(plan)
  if (dryRun) return { plan, newIndexes: [] }
  return { plan, newIndexes: await replaceIndexFiles(repository, plan.replacement(), plan.obsolete, holding) }
}
