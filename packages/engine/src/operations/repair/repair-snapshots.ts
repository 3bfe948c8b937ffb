import { sha256Id } from '../../crypto/hash.ts'
import type { DamagedError } from '../../errors.ts'
import type { BlobId, SnapshotId, TreeId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import type { BlobType } from '../../pack/blob.ts'
import { BlobWriter } from '../../repository/blob-writer.ts'
import { isDamage } from '../../repository/damage.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { removeSnapshot } from '../replace-snapshot.ts'
import { Replacements, withTag } from '../replacements.ts'
import { EMPTY_TREE, EMPTY_TREE_CONTENT, TreeRewriter } from '../rewrite/tree-rewriter.ts'
import { planIndexRepair } from './index-plan.ts'
import { undoFlippedBit } from './flipped-bit.ts'
import { IndexNotReadyError } from './index-not-ready.ts'
import { type EntryRepair, repairNode } from './node-repair.ts'

const TAG = 'repaired'

export interface RepairSnapshotsOptions {
  /** Those to look at; all by default, and then those that cannot be read are looked at too. */
  readonly snapshots?: readonly StoredSnapshot[]
  /** What happens to a snapshot once the repaired one is stored, and to one of which nothing is left. */
  readonly originals: 'keep' | 'remove'
  /** Find out what would be done, and do nothing. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  /** Told of everything that is changed, in the first snapshot in which it is met. */
  readonly onRepair?: (repair: SnapshotEntryRepair) => void
  readonly onProgress?: (progress: RepairSnapshotsProgress) => void
}

export interface RepairSnapshotsProgress {
  readonly snapshotsDone: number
  readonly snapshotsTotal: number
  readonly treesRead: number
  readonly secondsElapsed: number
}

/** `path` is an absolute byte string inside the snapshot. */
export type SnapshotEntryRepair = { readonly snapshot: StoredSnapshot; readonly path: string } & (
  | EntryRepair
  /** The directory cannot be listed: there is an empty one in its place. */
  | { readonly kind: 'directory-emptied'; readonly reason: string }
  /** The directory had to be written anew, and held something that Hikae does not understand (§11). */
  | { readonly kind: 'unknown-dropped' }
)

export interface RepairedSnapshot {
  readonly old: StoredSnapshot
  /** `lost`: its first directory cannot be listed, so that nothing can be found in it. */
  readonly outcome: 'whole' | 'repaired' | 'lost'
  /** The new one. Absent in a dry run. */
  readonly replacement?: SnapshotId
  /** Whether the old one was removed; in a dry run, whether it would be. */
  readonly removed: boolean
  readonly reason?: string
}

export interface RepairSnapshotsReport {
  /** Newest first. */
  readonly snapshots: readonly RepairedSnapshot[]
  /** Files that cannot be read. What they named may still be there, for `recover`. */
  readonly unreadable: readonly { readonly id: SnapshotId; readonly reason: string; readonly removed: boolean }[]
  /** Files of which a single bit was wrong, which their names tell: they are as they were, or would be in a dry run. */
  readonly healed: readonly SnapshotId[]
  /** Entries that lost something, each counted once. */
  readonly entriesHurt: number
}

/**
 * Makes snapshots that can be restored as a whole out of damaged ones, by giving up what is not there any more (§20): files
 * lose the parts of their content that no index knows, and get the size of what is left; directories that cannot be listed
 * become empty; entries of unknown kind go. A snapshot file with a single wrong bit is put right. Content is not read: see `check` and `repairPacks` for damage inside of packs.
 *
 * New trees are durable and indexed before a new snapshot names them, and an original is removed only after the one that
 * replaces it is stored. The caller has loaded the index and holds an exclusive lock.
 *
 * @throws {IndexNotReadyError} the index or packs can be repaired: what seems to be missing now may be there then
 */
export async function repairSnapshots(
  repository: Repository,
  options: RepairSnapshotsOptions,
): Promise<RepairSnapshotsReport> {
  const unindexed = await refuseBeforeIndexIsReady(repository, options.signal)
  return await new SnapshotsRepair(repository, unindexed, options).run()
}

/**
 * Packs that no index names are no reason: a run that was interrupted leaves some. What matters is what they hold.
 *
 * @returns that
 */
async function refuseBeforeIndexIsReady(repository: Repository, signal: AbortSignal | undefined): Promise<BlobIndex> {
  const plan = await planIndexRepair(repository, { packs: 'suspect', signal })
  const isWrong = plan.unreadableIndexes.length + plan.corrected.length + plan.missing.length > 0
  if (isWrong) throw IndexNotReadyError.index()
  const damaged = plan.damaged.filter(({ indexedBlobs }) => indexedBlobs > 0)
  if (damaged.length > 0) throw IndexNotReadyError.packs(damaged.map(({ id }) => id))
  return plan.headers
}

interface Plan {
  readonly old: StoredSnapshot
  readonly outcome: RepairedSnapshot['outcome']
  readonly tree?: TreeId
  readonly reason?: string
}

class SnapshotsRepair {
  readonly #repository: Repository
  /** What lies in packs that no index names. */
  readonly #unindexed: BlobIndex
  readonly #options: RepairSnapshotsOptions
  readonly #signal: AbortSignal | undefined
  readonly #startedAt = performance.now()
  /** Trees that cannot be read, and why. */
  readonly #unreadableTrees = new Map<TreeId, string>()
  readonly #writer: BlobWriter
  readonly #trees: TreeRewriter
  #current: StoredSnapshot | undefined
  #entriesHurt = 0
  #snapshotsDone = 0
  #snapshotsTotal = 0
  #treesRead = 0

  constructor(repository: Repository, unindexed: BlobIndex, options: RepairSnapshotsOptions) {
    this.#repository = repository
    this.#unindexed = unindexed
    this.#options = options
    this.#signal = options.signal
    this.#writer = new BlobWriter(repository, {
      signal: options.signal,
      // A tree that cannot be read is stored again when a repaired one is just the same.
      isStored: (type, id) => repository.index.has(type, id) && !this.#unreadableTrees.has(id),
    })
    this.#trees = this.#treeRewriter()
  }

  async run(): Promise<RepairSnapshotsReport> {
    using _ticker = new ProgressTicker(this.#options.onProgress, () => this.#progress())
    const healed = this.#options.snapshots ? [] : await this.#healSnapshotFiles()
    const unreadable = new Map<SnapshotId, DamagedError>()
    const stored = await this.#repository.snapshots(this.#signal, (id, error) => unreadable.set(id, error))
    for (const id of healed) unreadable.delete(id)
    const chosen = this.#options.snapshots ?? stored
    const plans = await this.#plan(chosen.toSorted((a, b) => Date.parse(b.time) - Date.parse(a.time)))
    if (!this.#options.dryRun) await this.#writer.finish()
    const replacements = new Replacements(this.#repository, stored, { original: 'replaced', ownTag: TAG })
    const snapshots: RepairedSnapshot[] = []
    for (const plan of plans) snapshots.push(await this.#apply(plan, replacements))
    return {
      snapshots,
      unreadable: this.#options.snapshots ? [] : await this.#removeUnreadable(unreadable),
      healed,
      entriesHurt: this.#entriesHurt,
    }
  }

  /** Before anything else: so nothing of these snapshots is lost, not even what only their files know. */
  async #healSnapshotFiles(): Promise<SnapshotId[]> {
    const { backend } = this.#repository
    const options = this.#signal ? { signal: this.#signal } : {}
    const damaged: SnapshotId[] = []
    await this.#repository.snapshots(this.#signal, (id) => damaged.push(id))
    const healed: SnapshotId[] = []
    for (const id of damaged) {
      const content = undoFlippedBit(await backend.read('snapshot', id, options), id)
      if (!content) continue
      if (!this.#options.dryRun) await backend.write('snapshot', id, content, { replace: true, ...options })
      healed.push(id)
    }
    return healed
  }

  async #plan(snapshots: readonly StoredSnapshot[]): Promise<Plan[]> {
    this.#snapshotsTotal = snapshots.length
    const plans: Plan[] = []
    for (const old of snapshots) {
      this.#signal?.throwIfAborted()
      this.#current = old
      plans.push(await this.#planOne(old))
      this.#snapshotsDone++
    }
    return plans
  }

  async #planOne(old: StoredSnapshot): Promise<Plan> {
    // It may have been met below another root, where an empty directory took its place.
    const known = this.#unreadableTrees.get(old.tree)
    if (known !== undefined) return { old, outcome: 'lost', reason: known }
    try {
      const { id } = await this.#trees.rewrite(old.tree)
      return id === old.tree ? { old, outcome: 'whole' } : { old, outcome: 'repaired', tree: id }
    } catch (error) {
      if (!(error instanceof RootLost)) throw error
      return { old, outcome: 'lost', reason: error.message }
    }
  }

  async #apply({ old, outcome, tree, reason }: Plan, replacements: Replacements): Promise<RepairedSnapshot> {
    this.#signal?.throwIfAborted()
    const { originals, dryRun = false } = this.#options
    const removed = originals === 'remove' && outcome !== 'whole'
    const result = { old, outcome, removed, ...(reason === undefined ? {} : { reason }) }
    if (dryRun) return result
    // Always, unlike restic: nobody, and no retention, is to take one with holes for the whole one that it replaces.
    const change = tree && { tree, tags: withTag(old, TAG) }
    const replacement = change && (await replacements.store(old, change, this.#signal))
    if (removed) await removeSnapshot(this.#repository, old.id, this.#signal)
    return { ...result, ...(replacement ? { replacement: replacement.id } : {}) }
  }

  async #removeUnreadable(found: ReadonlyMap<SnapshotId, DamagedError>): Promise<RepairSnapshotsReport['unreadable']> {
    const removed = this.#options.originals === 'remove'
    const result: { id: SnapshotId; reason: string; removed: boolean }[] = []
    for (const [id, { message }] of found) {
      if (removed && !this.#options.dryRun) await removeSnapshot(this.#repository, id, this.#signal)
      result.push({ id, reason: message, removed })
    }
    return result
  }

  #treeRewriter(): TreeRewriter {
    const { dryRun = false } = this.#options
    const store = async (tree: Buffer): Promise<TreeId> => (dryRun ? sha256Id(tree) : this.#writer.add('tree', tree))
    return new TreeRewriter(
      this.#repository,
      {
        scope: 'entry',
        entry: (before, path) => {
          const { node, repair } = repairNode(before, this.#repository.index)
          if (repair?.kind === 'content-lost') this.#refuseToGiveUp('data', before.content ?? [])
          if (repair) this.#tell(path, repair)
          return node
        },
        unreadable: async (path, id, error) => {
          if (!isDamage(error)) throw error
          if (id !== undefined) this.#unreadableTrees.set(id, error.message)
          // What is listed in an empty directory is known without reading it.
          if (id === EMPTY_TREE) return await store(EMPTY_TREE_CONTENT)
          if (id !== undefined) this.#refuseToGiveUp('tree', [id])
          if (path === '/') throw new RootLost(error.message)
          this.#tell(path, { kind: 'directory-emptied', reason: error.message })
          return await store(EMPTY_TREE_CONTENT)
        },
        unfaithful: (path) => this.#tell(path, { kind: 'unknown-dropped' }),
        store,
        onTree: () => this.#treesRead++,
      },
      this.#signal,
    )
  }

  /** @throws {IndexNotReadyError} some of the blobs are only missing in the index */
  #refuseToGiveUp(type: BlobType, blobs: readonly BlobId[]): void {
    if (blobs.some((id) => this.#unindexed.has(type, id))) throw IndexNotReadyError.index()
  }

  #tell(path: string, repair: DistributiveOmit<SnapshotEntryRepair, 'snapshot' | 'path'>): void {
    if (repair.kind !== 'size-corrected') this.#entriesHurt++
    this.#options.onRepair?.({ ...repair, snapshot: this.#current!, path })
  }

  #progress(): RepairSnapshotsProgress {
    return {
      snapshotsDone: this.#snapshotsDone,
      snapshotsTotal: this.#snapshotsTotal,
      treesRead: this.#treesRead,
      secondsElapsed: (performance.now() - this.#startedAt) / 1000,
    }
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never

/** Ends the work on one snapshot: there is nothing to begin with. */
class RootLost extends Error {}
