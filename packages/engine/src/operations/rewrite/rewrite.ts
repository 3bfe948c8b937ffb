import { sha256Id } from '../../crypto/hash.ts'
import { InvalidInputError } from '../../errors.ts'
import { selectForRestore } from '../../filter/restore-selection.ts'
import { formatTime } from '../../json/go-time.ts'
import { BlobWriter } from '../../repository/blob-writer.ts'
import { isDamage } from '../../repository/damage.ts'
import type { Repository } from '../../repository/repository.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { removeSnapshot } from '../replace-snapshot.ts'
import { Replacements, type SnapshotChange, withTag } from '../replacements.ts'
import type { RewriteOptions, RewriteProgress, RewriteReport, RewrittenSnapshot } from './report.ts'
import { summaryAfter } from './summary.ts'
import type { RewrittenTree } from './tree-results.ts'
import { type RewriteRules, TreeRewriter, unfaithfulTree } from './tree-rewriter.ts'

const TAG = 'rewrite'

/**
 * Makes new snapshots out of old ones: without some of their files, with another host or time (§20). The same patterns
 * give the same trees as `restic rewrite`. New trees are durable and indexed before a new snapshot names them, and each
 * original is removed only after the snapshot that replaces it is stored; an interrupted run can be made again.
 *
 * A snapshot in which nothing would be left is not replaced by an empty one. When originals are removed it is removed too,
 * but never so that no snapshot would be left in the repository.
 *
 * The caller has loaded the index and holds a shared lock, or an exclusive one to remove originals.
 *
 * @throws {InvalidInputError} nothing to do, options that make no sense, or every snapshot would go
 */
export async function rewrite(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  options: RewriteOptions,
): Promise<RewriteReport> {
  refuseNonsense(options)
  return await new RewriteRun(repository, snapshots, options).run()
}

function refuseNonsense({ exclude, include, newHost, newTime, summary = 'keep' }: RewriteOptions): void {
  if (!exclude && !include && newHost === undefined && newTime === undefined && summary === 'keep') {
    throw new InvalidInputError('nothing to rewrite: neither patterns nor a new host, time or summary are given')
  }
  if (exclude && include) {
    throw new InvalidInputError('patterns to exclude and patterns to include cannot be used together')
  }
  if (newHost === '') throw new InvalidInputError('the new host is empty')
}

/** What was found out about one snapshot, before anything is stored. */
interface Plan {
  readonly old: StoredSnapshot
  readonly outcome: RewrittenSnapshot['outcome']
  readonly change?: SnapshotChange
  readonly error?: Error
}

class RewriteRun {
  readonly #repository: Repository
  readonly #snapshots: readonly StoredSnapshot[]
  readonly #options: RewriteOptions
  readonly #signal: AbortSignal | undefined
  readonly #startedAt = performance.now()
  readonly #writer: BlobWriter
  #snapshotsDone = 0
  #treesRead = 0

  constructor(repository: Repository, snapshots: readonly StoredSnapshot[], options: RewriteOptions) {
    this.#repository = repository
    this.#snapshots = snapshots
    this.#options = options
    this.#signal = options.signal
    this.#writer = new BlobWriter(repository, { signal: options.signal })
  }

  async run(): Promise<RewriteReport> {
    using _ticker = new ProgressTicker(this.#options.onProgress, () => this.#progress())
    const plans = await this.#plan()
    // All of them: an unreadable one counts, since nobody knows what is in it.
    const stored = await this.#repository.listIds('snapshot', this.#signal)
    const removed = plans.filter((plan) => plan.outcome === 'empty' && this.#removesOriginal(plan))
    if (removed.length > 0 && removed.length === stored.length) {
      throw new InvalidInputError('nothing would be left in any snapshot of the repository: nothing was done', {
        hint: 'look at the patterns with --dry-run; to give up a snapshot, use `hikae forget`',
      })
    }
    if (this.#options.dryRun) {
      return { snapshots: plans.map((plan) => ({ ...outcomeOf(plan), removed: this.#removesOriginal(plan) })) }
    }
    await this.#writer.finish()
    return { snapshots: await this.#apply(plans) }
  }

  async #plan(): Promise<Plan[]> {
    const plans: Plan[] = []
    let current: StoredSnapshot | undefined
    const trees = this.#treeRewriter((path) => this.#options.onExcluded?.(path, current!))
    for (const old of this.#snapshots) {
      this.#signal?.throwIfAborted()
      current = old
      plans.push(await this.#planOne(old, trees))
      this.#snapshotsDone++
    }
    return plans
  }

  async #planOne(old: StoredSnapshot, trees: TreeRewriter | undefined): Promise<Plan> {
    try {
      const tree = trees && (await trees.rewrite(old.tree))
      if (tree && tree.id !== old.tree && tree.leaves === 0) return { old, outcome: 'empty' }
      const change = this.#changeOf(old, tree)
      return change ? { old, outcome: 'rewritten', change } : { old, outcome: 'unchanged' }
    } catch (error) {
      if (!isDamage(error)) throw error
      return { old, outcome: 'failed', error }
    }
  }

  /** @returns undefined when everything is as it should be already */
  #changeOf(old: StoredSnapshot, tree: RewrittenTree | undefined): SnapshotChange | undefined {
    const { newHost = old.hostname, newTime, summary: wanted = 'keep', originals } = this.#options
    const time = newTime === undefined ? old.time : formatTime(newTime)
    const summary = tree && (tree.id !== old.tree || wanted === 'create') ? summaryAfter(old, tree) : old.summary
    const id = tree?.id ?? old.tree
    const isSame = id === old.tree && newHost === old.hostname && time === old.time && summary === old.summary
    if (isSame) return undefined
    return {
      tree: id,
      time,
      ...(newHost === undefined ? {} : { hostname: newHost }),
      ...(summary ? { summary } : {}),
      ...(originals === 'keep' ? { tags: withTag(old, TAG) } : {}),
    }
  }

  async #apply(plans: readonly Plan[]): Promise<RewrittenSnapshot[]> {
    const stored = await this.#repository.snapshots(this.#signal, () => undefined)
    const replacements = new Replacements(this.#repository, stored, { original: 'replaced', ownTag: TAG })
    const done: RewrittenSnapshot[] = []
    for (const plan of plans) {
      this.#signal?.throwIfAborted()
      const removed = this.#removesOriginal(plan)
      if (plan.change || removed) await this.#options.confirmLock?.()
      const replacement = plan.change && (await replacements.store(plan.old, plan.change, this.#signal))
      if (removed) await removeSnapshot(this.#repository, plan.old.id, this.#signal)
      done.push({ ...outcomeOf(plan), ...(replacement ? { replacement: replacement.id } : {}), removed })
    }
    return done
  }

  #removesOriginal({ outcome }: Plan): boolean {
    return this.#options.originals === 'remove' && (outcome === 'rewritten' || outcome === 'empty')
  }

  #treeRewriter(onExcluded: (path: string) => void): TreeRewriter | undefined {
    const { exclude, include, summary = 'keep', dryRun = false } = this.#options
    if (!exclude && !include && summary === 'keep') return undefined
    const select = selectForRestore({ exclude, include })
    const rules: RewriteRules = {
      scope: 'path',
      entry: (node, path) => {
        const { selected, childMayBeSelected } = select(path, node.type === 'dir')
        if (selected || childMayBeSelected) return node
        onExcluded(path)
        return undefined
      },
      // A directory above what is included was only kept for its sake.
      dropsEmpty: (path) => !select(path, true).selected,
      unfaithful: (path, id) => {
        throw unfaithfulTree(path, id)
      },
      store: async (tree) => (dryRun ? sha256Id(tree) : await this.#writer.add('tree', tree)),
      onTree: () => this.#treesRead++,
    }
    return new TreeRewriter(this.#repository, rules, this.#signal)
  }

  #progress(): RewriteProgress {
    return {
      snapshotsDone: this.#snapshotsDone,
      snapshotsTotal: this.#snapshots.length,
      treesRead: this.#treesRead,
      secondsElapsed: (performance.now() - this.#startedAt) / 1000,
    }
  }
}

function outcomeOf({ old, outcome, error }: Plan): Omit<RewrittenSnapshot, 'removed'> {
  return { old, outcome, ...(error ? { error } : {}) }
}
