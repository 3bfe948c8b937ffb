import { mapConcurrently } from '../../concurrency.ts'
import { type Id, shortId, type SnapshotId, type TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import { formatTime } from '../../json/go-time.ts'
import { BlobReader } from '../../repository/blob-reader.ts'
import { BlobWriter } from '../../repository/blob-writer.ts'
import { isDamage } from '../../repository/damage.ts'
import type { Repository } from '../../repository/repository.ts'
import { encodeSnapshot } from '../../snapshot/codec.ts'
import type { Snapshot, StoredSnapshot } from '../../snapshot/snapshot.ts'
import { decodeTree } from '../../tree/decode.ts'
import { nodesToTree } from '../../tree/encode.ts'
import type { Node } from '../../tree/node.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { TreeGraph, type TreeTotals } from './tree-graph.ts'

/** Enough to know a directory again. */
const ENTRIES_NAMED = 10

export interface RecoverOptions {
  readonly hostname: string
  readonly username: string
  readonly uid: number
  readonly gid: number
  /** Nanoseconds since the epoch; now by default. */
  readonly time?: bigint
  /** Look, but store nothing. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: RecoverProgress) => void
}

export interface RecoverProgress {
  readonly treesDone: number
  readonly treesTotal: number
  readonly secondsElapsed: number
}

/** A directory that nothing refers to, with all that is below it. */
export interface RecoveredTree extends TreeTotals {
  readonly id: TreeId
  /** In the new snapshot: the first digits of the id. */
  readonly name: string
  readonly entries: number
  /** The first of them, as byte strings. */
  readonly firstEntries: readonly string[]
}

export interface RecoverReport {
  /** By name. */
  readonly recovered: readonly RecoveredTree[]
  /** None when nothing was found, or it was a dry run. */
  readonly snapshot?: StoredSnapshot
  readonly trees: number
  /** Trees that could not be read: nothing of them is in the snapshot, but what is below them may be. */
  readonly unreadableTrees: readonly { readonly id: TreeId; readonly reason: string }[]
  readonly unreadableSnapshots: readonly SnapshotId[]
  /** Packs that no index names: what they hold was not looked at. */
  readonly unindexedPacks: number
}

/**
 * Brings back what no snapshot shows any more (§20): trees that neither another tree nor a readable snapshot refers to
 * become the directories of a new snapshot. Also those of snapshots that were forgotten but not pruned, and of backups
 * that were interrupted: nothing tells them from lost ones.
 *
 * The caller holds an exclusive lock, since the trees of a running backup look lost, and has loaded the index. Memory: 150
 * bytes per tree.
 */
export async function recover(repository: Repository, options: RecoverOptions): Promise<RecoverReport> {
  return await new RecoverRun(repository, options).run()
}

class RecoverRun {
  readonly #repository: Repository
  readonly #options: RecoverOptions
  readonly #reader: BlobReader
  readonly #graph = new TreeGraph()
  readonly #unreadableTrees: { id: TreeId; reason: string }[] = []
  readonly #startedAt = performance.now()
  #treesDone = 0
  #treesTotal = 0

  constructor(repository: Repository, options: RecoverOptions) {
    this.#repository = repository
    this.#options = options
    this.#reader = new BlobReader(repository.backend, repository.cipher)
  }

  async run(): Promise<RecoverReport> {
    using _ticker = new ProgressTicker(this.#options.onProgress, () => this.#progress())
    const { signal } = this.#options
    const unreadableSnapshots: SnapshotId[] = []
    const snapshots = await this.#repository.snapshots(signal, (id) => unreadableSnapshots.push(id))
    const unindexedPacks = await this.#countUnindexedPacks()
    await this.#readTrees()
    for (const { tree } of snapshots) this.#graph.refer(tree)
    const recovered = await this.#describe(this.#graph.roots())
    const snapshot = recovered.length > 0 && !this.#options.dryRun ? await this.#store(recovered) : undefined
    return {
      recovered,
      ...(snapshot ? { snapshot } : {}),
      trees: this.#treesTotal,
      unreadableTrees: this.#unreadableTrees,
      unreadableSnapshots,
      unindexedPacks,
    }
  }

  async #countUnindexedPacks(): Promise<number> {
    const packs = await this.#repository.listIds('pack', this.#options.signal)
    return packs.filter(({ id }) => !this.#repository.index.hasPack(id)).length
  }

  /** In the order of the index, which is mostly that of the packs: what lies side by side is read together. */
  async #readTrees(): Promise<void> {
    const { index, backend } = this.#repository
    const trees = new IdSet()
    for (const { type, id } of index.blobs()) if (type === 'tree') trees.add(id)
    this.#treesTotal = trees.size
    await mapConcurrently(trees, backend.connections, (id) => this.#readTree(id))
  }

  async #readTree(id: TreeId): Promise<void> {
    const { index } = this.#repository
    const { signal } = this.#options
    signal?.throwIfAborted()
    try {
      const tree = decodeTree(await this.#reader.read(index, 'tree', id, signal))
      this.#graph.add(id, tree, ({ content }) => content?.every((blob) => index.has('data', blob)) ?? false)
    } catch (error) {
      signal?.throwIfAborted()
      if (!isDamage(error)) throw error
      this.#unreadableTrees.push({ id, reason: error.message })
    }
    this.#treesDone++
  }

  async #describe(roots: readonly TreeId[]): Promise<RecoveredTree[]> {
    const described: RecoveredTree[] = []
    for (const [at, id] of roots.entries()) {
      const { nodes } = await this.#repository.readTree(id, this.#options.signal)
      const firstEntries = nodes.slice(0, ENTRIES_NAMED).map((node) => node.name)
      const name = nameAmong(roots, at)
      described.push({ id, name, entries: nodes.length, firstEntries, ...this.#graph.totals(id) })
    }
    return described
  }

  async #store(recovered: readonly RecoveredTree[]): Promise<StoredSnapshot> {
    const { signal, hostname, username, uid, gid } = this.#options
    const time = formatTime(this.#options.time ?? BigInt(Date.now()) * 1_000_000n)
    const nodes = recovered.map(({ id, name }): Node => {
      const times = { mtime: time, atime: time, ctime: time }
      return { name, type: 'dir', mode: 0o755, ...times, uid: 0, gid: 0, content: null, subtree: id }
    })
    const writer = new BlobWriter(this.#repository, { signal })
    const tree = await writer.add('tree', nodesToTree(nodes))
    await writer.finish()
    signal?.throwIfAborted()
    const snapshot: Snapshot = { time, tree, paths: ['/recover'], hostname, username, uid, gid, tags: ['recovered'] }
    const id = await this.#repository.writeUnpacked('snapshot', encodeSnapshot(snapshot), signal)
    return { ...snapshot, id }
  }

  #progress(): RecoverProgress {
    return {
      treesDone: this.#treesDone,
      treesTotal: this.#treesTotal,
      secondsElapsed: (performance.now() - this.#startedAt) / 1000,
    }
  }
}

/** The short id, or more digits where a neighbour begins alike. @param ids in ascending order */
function nameAmong(ids: readonly Id[], at: number): string {
  const id = ids[at]!
  let length = shortId(id).length
  for (const neighbour of [ids[at - 1], ids[at + 1]]) {
    while (neighbour?.startsWith(id.slice(0, length))) length++
  }
  return id.slice(0, length)
}
