import { FileMissingError } from '../../backend/backend.ts'
import { mapConcurrently } from '../../concurrency.ts'
import { DamagedError } from '../../errors.ts'
import { type Id, type PackId, shortId } from '../../ids.ts'
import type { Repository } from '../../repository/repository.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { repack } from '../repack/repack.ts'
import { type PlanBasis, type PrunePlan, takeBasis } from './plan.ts'
import { PruneRefusedError } from './refusal.ts'
import type { PlannedPack, PrunePhase, PruneProgress, PruneReport, RepackedPack } from './report.ts'
import { rewriteIndex } from './rewrite-index.ts'
import { type Round, rounds } from './rounds.ts'

/** Half-written files of others are left alone for so long: a program that was suspended may wake up. */
const TEMPORARY_FILE_AGE_MS = 60 * 60 * 1000

export interface PruneRunOptions {
  /** Aborts when the exclusive lock is lost, too: it is looked at before everything that deletes. */
  readonly signal?: AbortSignal
  /** Of the lock: awaited before each phase that deletes, which does not begin when this throws. */
  readonly confirmLock?: (() => Promise<void>) | undefined
  readonly onProgress?: (progress: PruneProgress) => void
}

/**
 * Carries out a plan, in an order that never lets a needed blob disappear (§14, §19): packs in no index go; new packs are
 * written, then the index that names them; then old index files go, then old packs. Wherever it stops, the repository is
 * whole; what is left over is removed by the next prune.
 *
 * The caller has held an exclusive lock since before the plan was made. The loaded index is out of date afterwards:
 * `loadIndex` brings it up to date.
 *
 * @throws {PruneRefusedError} the repository is not the one that was planned for: nothing was changed
 * @throws {DamagedError} a needed blob has no usable copy @throws the signal's reason @throws the first failure to store
 */
export async function prune(
  repository: Repository,
  plan: PrunePlan,
  options: PruneRunOptions = {},
): Promise<PruneReport> {
  return await new PruneRun(repository, plan, options).run()
}

class PruneRun {
  readonly #repository: Repository
  readonly #plan: PrunePlan
  readonly #basis: PlanBasis
  readonly #signal: AbortSignal | undefined
  readonly #confirmLock: PruneRunOptions['confirmLock']
  readonly #onProgress: PruneRunOptions['onProgress']
  readonly #startedAt = performance.now()
  #phase: PrunePhase = 'deleting-unindexed'
  #packsDone = 0
  #packsTotal = 0
  #removedPacks = 0
  #removedBytes = 0
  #repackedPacks = 0
  #newPacks = 0
  #storedBytes = 0
  #removedIndexes = 0
  #newIndexes = 0
  readonly #failures: { pack: PackId; error: Error }[] = []
  #leftForLackOfSpace: readonly RepackedPack[] = []

  constructor(repository: Repository, plan: PrunePlan, { signal, confirmLock, onProgress }: PruneRunOptions) {
    this.#repository = repository
    this.#plan = plan
    this.#signal = signal
    this.#confirmLock = confirmLock
    this.#onProgress = onProgress
    this.#basis = takeBasis(plan)
  }

  async run(): Promise<PruneReport> {
    using _ticker = new ProgressTicker(this.#onProgress, () => this.#progress())
    await this.#requireSameState()
    const { backend } = this.#repository
    await this.#confirmLock?.()
    this.#signal?.throwIfAborted()
    const temporaryFiles = (await backend.sweepTemporary?.(TEMPORARY_FILE_AGE_MS, this.#signal)) ?? NO_FILES
    await this.#remove('deleting-unindexed', this.#plan.unindexed)
    const indexBytes = (await this.#repository.listIds('index', this.#signal)).reduce((sum, { size }) => sum + size, 0)
    const freeBytes = async (): Promise<number | undefined> => await backend.freeBytes?.()
    const onNoRoom = (left: readonly RepackedPack[]): void => void (this.#leftForLackOfSpace = left)
    const { unused, repack: toRepack, missing } = this.#plan
    const { withCopies, hasRepeats } = this.#basis
    const packs = { unused, repack: toRepack, missing, withCopies, hasRepeats }
    const steps = rounds({ ...packs, indexBytes, freeBytes, onNoRoom })
    for await (const round of steps) await this.#carryOut(round)
    return this.#report(temporaryFiles)
  }

  /** Between plan and deed nobody may have added or removed anything. */
  async #requireSameState(): Promise<void> {
    const { repository, snapshots, indexes } = this.#basis
    const stored = await Promise.all([
      this.#repository.listIds('snapshot', this.#signal),
      this.#repository.listIds('index', this.#signal),
    ])
    const isSame = repository === this.#repository && equals(stored[0], snapshots) && equals(stored[1], indexes)
    if (isSame) return
    throw new PruneRefusedError('the repository is not as it was when the prune was planned; nothing was changed', {
      hint: 'plan again, under an exclusive lock, and prune without giving it back in between',
    })
  }

  async #carryOut({ repack: packs, remove, forget }: Round): Promise<void> {
    const newPacks = await this.#repack(packs)
    this.#begin('indexing', 0)
    const rewritten = await rewriteIndex({
      repository: this.#repository,
      gone: new Set([...remove.map(({ id }) => id), ...forget]),
      required: new Set(newPacks),
      signal: this.#signal,
      beforeRemoval: async (indexed) => {
        await this.#requireStored(indexed)
        await this.#confirmLock?.()
      },
    })
    this.#removedIndexes += rewritten.removed
    this.#newIndexes += rewritten.written
    await this.#confirmLock?.()
    await this.#remove('deleting', remove)
  }

  async #repack(packs: readonly RepackedPack[]): Promise<readonly PackId[]> {
    if (packs.length === 0) return []
    const { wanted, numbers, packSizeBytes, compression } = this.#basis
    this.#begin('repacking', packs.length)
    const before = wanted.left
    const { blobs, newPacks, bytesStored } = await repack({
      from: this.#repository,
      to: this.#repository,
      packs: wanted.take(packs.map(({ id }) => numbers.get(id)!)),
      compression,
      packSizeBytes,
      signal: this.#signal,
      onPack: () => this.#packsDone++,
    })
    if (blobs !== before - wanted.left)
      throw new Error(`${before - wanted.left} blobs were wanted, ${blobs} were stored`)
    this.#repackedPacks += packs.length
    this.#newPacks += newPacks.length
    this.#storedBytes += bytesStored
    return newPacks
  }

  /** The last look before anything needed could go: every new pack is there, as long as its index says. */
  async #requireStored(indexed: ReadonlyMap<PackId, number>): Promise<void> {
    const { backend } = this.#repository
    await mapConcurrently(indexed, backend.connections, async ([pack, expected]) => {
      const found = await backend.size('pack', pack, this.#signal)
      if (found === expected) return
      throw new DamagedError(
        `new pack ${shortId(pack)} has ${found} bytes instead of ${expected}; nothing old was deleted`,
        {
          hint: 'check the disk, then run `hikae check --read-data`',
        },
      )
    })
  }

  /** What cannot be deleted is reported: no index names it any more, so that it only takes space. */
  async #remove(phase: PrunePhase, packs: readonly PlannedPack[]): Promise<void> {
    this.#begin(phase, packs.length)
    const { backend } = this.#repository
    await mapConcurrently(packs, backend.connections, async ({ id, size }) => {
      this.#signal?.throwIfAborted()
      try {
        await backend.remove('pack', id, this.#signal)
        this.#removedPacks++
        this.#removedBytes += size
      } catch (error) {
        this.#signal?.throwIfAborted()
        if (!(error instanceof FileMissingError)) this.#failures.push({ pack: id, error: error as Error })
      }
      this.#packsDone++
    })
  }

  #begin(phase: PrunePhase, packs: number): void {
    this.#phase = phase
    this.#packsDone = 0
    this.#packsTotal = packs
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAt) / 1000
  }

  #progress(): PruneProgress {
    return {
      phase: this.#phase,
      packsDone: this.#packsDone,
      packsTotal: this.#packsTotal,
      secondsElapsed: this.#seconds,
    }
  }

  #report(temporaryFiles: PruneReport['temporaryFiles']): PruneReport {
    const isComplete = this.#failures.length === 0 && this.#leftForLackOfSpace.length === 0
    return {
      outcome: isComplete ? 'succeeded' : 'incomplete',
      removedPacks: this.#removedPacks,
      removedBytes: this.#removedBytes,
      repackedPacks: this.#repackedPacks,
      newPacks: this.#newPacks,
      storedBytes: this.#storedBytes,
      removedIndexes: this.#removedIndexes,
      newIndexes: this.#newIndexes,
      temporaryFiles,
      failures: this.#failures,
      leftForLackOfSpace: this.#leftForLackOfSpace.map(({ id, size }) => ({ id, size })),
      secondsElapsed: this.#seconds,
    }
  }
}

const NO_FILES = { files: 0, bytes: 0 }

function equals(stored: readonly { readonly id: Id }[], planned: ReadonlySet<Id>): boolean {
  return stored.length === planned.size && stored.every(({ id }) => planned.has(id))
}
