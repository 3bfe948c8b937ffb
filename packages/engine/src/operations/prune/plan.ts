import type { Id, PackId, SnapshotId } from '../../ids.ts'
import { shortId } from '../../ids.ts'
import { DamagedError, InvalidInputError } from '../../errors.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { decide, sizeOf } from './decide.ts'
import { type PruneOptions, rulesOf } from './options.ts'
import { gatherPackFacts, type PackFacts } from './pack-facts.ts'
import { PruneRefusedError } from './refusal.ts'
import type { PlannedPack, PlanProgress, PruneStatistics, RepackedPack } from './report.ts'
import { findUsedBlobs } from './used-blobs.ts'
import { WantedBlobs } from './wanted-blobs.ts'

/** What a prune does, by name and size; made by {@link planPrune}. It can be printed as JSON. */
export interface PrunePlan {
  /** In no index: what interrupted backups and prunes left. */
  readonly unindexed: readonly PlannedPack[]
  /** Indexed, and nothing in them is needed. */
  readonly unused: readonly PlannedPack[]
  /** Packs whose needed part moves into new packs, in this order; then they go. */
  readonly repack: readonly RepackedPack[]
  /** Named by the index and not there, and nothing in them is needed: the index forgets them. */
  readonly missing: readonly PackId[]
  readonly statistics: PruneStatistics
}

/** What the plan rests on: blobs by the million do not belong into a printable value. */
export interface PlanBasis {
  readonly repository: Repository
  readonly snapshots: ReadonlySet<Id>
  readonly indexes: ReadonlySet<Id>
  readonly wanted: WantedBlobs
  readonly packSizeBytes: number | undefined
  /** Data that is stored uncompressed mostly does not compress: it is tried when that is asked for. */
  readonly compression: 'keep' | 'compress'
  /** Unused packs that hold copies of needed blobs: they stay until nothing has to be read any more. */
  readonly withCopies: ReadonlySet<PackId>
  /** The index is to be put in order even if no pack goes. */
  readonly hasRepeats: boolean
  /** Numbers of packs in the index. */
  readonly numbers: ReadonlyMap<PackId, number>
}

const bases = new WeakMap<PrunePlan, PlanBasis>()

/** @throws {InvalidInputError} the plan was carried out already, or did not come from {@link planPrune} */
export function takeBasis(plan: PrunePlan): PlanBasis {
  const basis = bases.get(plan)
  bases.delete(plan)
  if (!basis) throw new InvalidInputError('a prune plan can be carried out once, by the program that made it')
  return basis
}

export interface PlanPruneOptions extends PruneOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: PlanProgress) => void
}

/**
 * Decides what a prune deletes and repacks (§19). Loads the index, reads all snapshots and their directories, lists packs;
 * changes nothing. Memory: the index, 3 bytes per blob, about 500 bytes per pack.
 *
 * Without an exclusive lock the plan is a preview: what others store meanwhile looks unused.
 *
 * @throws {PruneRefusedError} a snapshot or directory cannot be read, or something needed is missing or truncated
 * @throws {InvalidInputError} options that make no sense
 */
export async function planPrune(repository: Repository, options: PlanPruneOptions = {}): Promise<PrunePlan> {
  return await new Planning(repository, options).run()
}

class Planning {
  readonly #repository: Repository
  readonly #options: PlanPruneOptions
  readonly #startedAt = performance.now()
  #snapshots = 0
  #trees = 0

  constructor(repository: Repository, options: PlanPruneOptions) {
    this.#repository = repository
    this.#options = options
  }

  async run(): Promise<PrunePlan> {
    const repository = this.#repository
    const { signal, without } = this.#options
    const rules = rulesOf(this.#options, repository.config.version)
    using _ticker = new ProgressTicker(this.#options.onProgress, () => this.#progress())
    // Snapshots before the index: what a snapshot needs is in an index before the snapshot is there (§14).
    const snapshots = (await this.#readSnapshots()).filter(({ id }) => !without?.has(id))
    this.#snapshots = snapshots.length
    const index = await repository.loadIndex(signal)
    const onTree = (): void => void this.#trees++
    const used = await findUsedBlobs({ repository, index, snapshots, signal, onTree })
    const sizes = new Map((await repository.listIds('pack', signal)).map(({ id, size }) => [id, size]))
    const { packs, totals, hasRepeats } = gatherPackFacts(index, used)
    const { present, missing } = compare(packs, sizes)
    const unindexed = [...sizes].filter(([id]) => !index.hasPack(id)).map(([id, size]) => ({ id, size }))
    const decision = decide({ present, missing, unindexed, totals }, rules)
    const leaving = new Set([...decision.repack, ...decision.unused, ...missing].map(({ number }) => number))
    const plan: PrunePlan = {
      unindexed,
      unused: decision.unused.map(({ id }) => ({ id, size: sizes.get(id)! })),
      repack: decision.repack.map(repackedPack),
      missing: missing.map(({ id }) => id),
      statistics: decision.statistics,
    }
    bases.set(plan, {
      repository,
      snapshots: new Set(snapshots.map(({ id }) => id)),
      indexes: new Set(repository.loadedIndexes),
      wanted: new WantedBlobs(index, used, (number) => leaving.has(number)),
      packSizeBytes: this.#options.packSizeBytes,
      hasRepeats,
      compression: rules.repackUncompressed ? 'compress' : 'keep',
      withCopies: new Set(decision.unused.filter(({ duplicates }) => duplicates > 0).map(({ id }) => id)),
      numbers: new Map(decision.repack.map(({ id, number }) => [id, number])),
    })
    return plan
  }

  async #readSnapshots(): Promise<StoredSnapshot[]> {
    const unreadable: { id: SnapshotId; error: DamagedError }[] = []
    const snapshots = await this.#repository.snapshots(this.#options.signal, (id, error) =>
      unreadable.push({ id, error }),
    )
    const others = unreadable.filter(({ id }) => !this.#options.without?.has(id))
    if (others.length === 0) return snapshots
    const [{ id, error }] = others as [(typeof others)[0]]
    const which = others.length === 1 ? '' : `${others.length} snapshots cannot be read, the first is ${shortId(id)}: `
    throw new PruneRefusedError(`${which}${error.message}; nothing was changed, since what it needs cannot be known`, {
      hint: 'run `hikae check`; if the snapshot is lost, `hikae repair snapshots --forget` removes it; prune after that',
      cause: error,
    })
  }

  #progress(): PlanProgress {
    const secondsElapsed = (performance.now() - this.#startedAt) / 1000
    return { snapshots: this.#snapshots, treesDone: this.#trees, secondsElapsed }
  }
}

/** @throws {PruneRefusedError} a pack that is needed is not there, or not as long as the index says */
function compare(
  packs: readonly PackFacts[],
  sizes: ReadonlyMap<PackId, number>,
): { present: PackFacts[]; missing: PackFacts[] } {
  const needed = packs.filter(({ usedBlobs }) => usedBlobs > 0)
  const lost = needed.filter(({ id }) => !sizes.has(id))
  if (lost.length > 0) {
    const [first] = lost
    const which = lost.length === 1 ? `pack ${shortId(first!.id)}` : `${lost.length} packs (${shortId(first!.id)}, …)`
    throw new PruneRefusedError(`${which} with needed data cannot be found; nothing was changed`, {
      hint: 'bring the missing files back if you can; else run `hikae check`, which says what is lost and how to repair it',
    })
  }
  const wrong = needed.find((pack) => sizes.get(pack.id) !== sizeOf(pack))
  if (wrong) {
    const found = sizes.get(wrong.id)!
    throw new PruneRefusedError(
      `pack ${shortId(wrong.id)} has ${found} bytes instead of ${sizeOf(wrong)}: it is truncated, or the index is wrong; nothing was changed`,
      { hint: 'run `hikae repair index`, and `hikae check` after it; prune when it finds nothing' },
    )
  }
  return {
    present: packs.filter(({ id }) => sizes.has(id)),
    missing: packs.filter(({ id }) => !sizes.has(id)),
  }
}

function repackedPack({
  id,
  usedBytes,
  unusedBytes,
  reasons,
}: PackFacts & Pick<RepackedPack, 'reasons'>): RepackedPack {
  return { id, size: usedBytes + unusedBytes, usedBytes, unusedBytes, reasons }
}
