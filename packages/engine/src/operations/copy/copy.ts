import { DamagedError, InvalidInputError } from '../../errors.ts'
import { type BlobId, shortId, type SnapshotId, type TreeId } from '../../ids.ts'
import { IdSet } from '../../index/id-set.ts'
import { BlobReader } from '../../repository/blob-reader.ts'
import type { Repository } from '../../repository/repository.ts'
import { encodeSnapshot } from '../../snapshot/codec.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { decodeTree } from '../../tree/decode.ts'
import type { Tree } from '../../tree/node.ts'
import { ProgressTicker } from '../progress-ticker.ts'
import { isUnreadable } from '../repack/repack.ts'
import { walkTrees } from '../tree-walk.ts'
import { BlobTransfer } from './blob-transfer.ts'
import { KnownCopies, originOf } from './known-copies.ts'
import type { CopyOptions, CopyProgress, CopyReport, SnapshotCopy } from './report.ts'
import { Wholeness } from './wholeness.ts'

/** Snapshots are stored whenever so much has come: what a long copy has done so far is of use when it ends early. */
const BYTES_PER_ROUND = 2 * 1024 * 1024 * 1024
const SNAPSHOTS_PER_ROUND = 64

/**
 * Copies snapshots into another repository (§20): every blob that it lacks, as it is, and then the snapshots. Those it
 * has already are left out. A snapshot with damage in it is not copied, the others are.
 *
 * Both repositories are locked and have their indexes loaded. That of the destination does not know afterwards what was
 * copied: `loadIndex` brings it up to date. Memory: the two indexes, one byte per blob of the source, 50 bytes per
 * directory, and a fixed amount for the blobs on their way.
 *
 * @throws {InvalidInputError} both are the same repository
 */
export async function copySnapshots(
  from: Repository,
  to: Repository,
  snapshots: readonly StoredSnapshot[],
  options: CopyOptions = {},
): Promise<CopyReport> {
  if (from.backend.location === to.backend.location && from.config.id === to.config.id) {
    throw new InvalidInputError(`the source and the destination are both ${to.backend.location}`, {
      hint: 'name another repository to copy from',
    })
  }
  await using run = new CopyRun(from, to, snapshots, options)
  return await run.run()
}

class CopyRun implements AsyncDisposable {
  readonly #from: Repository
  readonly #to: Repository
  readonly #snapshots: readonly StoredSnapshot[]
  readonly #options: CopyOptions
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #reader: BlobReader
  readonly #transfer: BlobTransfer
  readonly #outcomes = new Map<SnapshotId, SnapshotCopy>()
  readonly #startedAt = performance.now()
  /** Snapshots whose blobs have been asked for. */
  #waiting: StoredSnapshot[] = []
  /** Trees whose blobs have been asked for; the first {@link CopyRun.#wholeTrees} are stored with all that is below. */
  #seen = new IdSet()
  #wholeTrees = 0
  readonly #wholeness: Wholeness
  #trees = 0

  constructor(from: Repository, to: Repository, snapshots: readonly StoredSnapshot[], options: CopyOptions) {
    this.#from = from
    this.#to = to
    this.#snapshots = snapshots
    this.#options = options
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal
    this.#reader = new BlobReader(from.backend, from.cipher)
    const { compression, packSizeBytes } = options
    this.#transfer = new BlobTransfer({
      from,
      to,
      signal: this.#signal,
      ...(compression === undefined ? {} : { compression }),
      ...(packSizeBytes === undefined ? {} : { packSizeBytes }),
    })
    this.#wholeness = new Wholeness({
      read: (id) => this.#readTree(id),
      lackOfTree: (id) => this.#lackOfTree(id),
      lackOfContent: (content) => this.#lackOfContent(content),
    })
  }

  /** Nothing that was under way goes on, and what was stored of it is in the index where that is possible. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#transfer[Symbol.asyncDispose]()
  }

  async run(): Promise<CopyReport> {
    using _ticker = new ProgressTicker(this.#options.onProgress, () => this.#progress())
    const unreadable: SnapshotId[] = []
    const known = new KnownCopies(await this.#to.snapshots(this.#signal, (id) => unreadable.push(id)))
    try {
      for (const snapshot of this.#snapshots) await this.#take(snapshot, known)
      await this.#settle()
    } catch (error) {
      this.#stop.abort(error)
      throw error
    }
    const { blobsDone, bytesDone, bytesStored } = this.#transfer
    return {
      snapshots: this.#snapshots.map(({ id }) => this.#outcomes.get(id)!),
      unreadable,
      blobs: blobsDone,
      bytesRead: bytesDone,
      bytesStored,
    }
  }

  async #take(snapshot: StoredSnapshot, known: KnownCopies): Promise<void> {
    const copy = known.find(snapshot)
    if (copy) return this.#decide({ kind: 'present', snapshot, copy })
    await this.#wantAllOf(snapshot)
    this.#waiting.push(snapshot)
    if (this.#waiting.length >= SNAPSHOTS_PER_ROUND || this.#transfer.unsettledBytes >= BYTES_PER_ROUND) {
      await this.#settle()
    }
  }

  /** That a tree is in the destination says nothing of what is below it: an interrupted copy may have left it. */
  async #wantAllOf({ tree: root }: StoredSnapshot): Promise<void> {
    await walkTrees([root], {
      read: async (id) => {
        await this.#room()
        return await this.#readTree(id)
      },
      concurrency: this.#from.backend.connections,
      seen: this.#seen,
      signal: this.#signal,
      onTree: (id, { nodes }) => {
        this.#trees++
        this.#transfer.want('tree', id)
        for (const { content } of nodes) for (const blob of content ?? []) this.#transfer.want('data', blob)
      },
      onUnreadable: (id, error) => {
        if (!isUnreadable(error)) throw error
        this.#transfer.lose('tree', id, error.message)
      },
    })
  }

  /** A round that failed ends everything; it must not be taken for the damage of the tree that waited for it. */
  async #room(): Promise<void> {
    try {
      await this.#transfer.room()
    } catch (error) {
      this.#stop.abort(error)
      throw error
    }
  }

  /** From the source, or, when it is damaged there and was copied before, from the destination. */
  async #readTree(id: TreeId): Promise<Tree> {
    try {
      return decodeTree(await this.#reader.read(this.#from.index, 'tree', id, this.#signal))
    } catch (error) {
      if (!isUnreadable(error) || !this.#transfer.isStored('tree', id)) throw error
      return await this.#to.readTree(id, this.#signal)
    }
  }

  /** Stores the snapshots whose blobs are all there now. */
  async #settle(): Promise<void> {
    const isWhole = await this.#transfer.settle()
    if (!isWhole) this.#seen = firstOf(this.#seen, this.#wholeTrees)
    for (const snapshot of this.#waiting) {
      const lack = isWhole ? undefined : await this.#wholeness.lackBelow(snapshot.tree, this.#seen)
      if (lack) this.#decide({ kind: 'damaged', snapshot, path: lack.path, reason: lack.reason })
      else await this.#store(snapshot)
    }
    this.#waiting = []
    this.#wholeTrees = this.#seen.size
  }

  async #store(snapshot: StoredSnapshot): Promise<void> {
    if (!this.#transfer.isStored('tree', snapshot.tree)) {
      throw new DamagedError(`the root of snapshot ${shortId(snapshot.id)} did not arrive in the destination`, {
        hint: 'run the copy again; no snapshot was stored that lacks anything',
      })
    }
    await this.#options.confirmLock?.()
    // The parent is of no use elsewhere, and may not be there.
    const { id: _id, parent: _parent, ...fields } = snapshot
    const copy = { ...fields, original: originOf(snapshot) }
    const id = await this.#to.writeUnpacked('snapshot', encodeSnapshot(copy), this.#signal)
    this.#decide({ kind: 'copied', snapshot, copy: { ...copy, id } })
  }

  #decide(outcome: SnapshotCopy): void {
    this.#outcomes.set(outcome.snapshot.id, outcome)
    this.#options.onSnapshot?.(outcome)
  }

  #lackOfTree(id: TreeId): string | undefined {
    if (this.#transfer.isStored('tree', id)) return undefined
    return this.#transfer.lossOf('tree', id) ?? `tree blob ${shortId(id)} is not in the destination`
  }

  #lackOfContent(content: readonly BlobId[]): string | undefined {
    const missing = content.find((id) => !this.#transfer.isStored('data', id))
    if (missing === undefined) return undefined
    return this.#transfer.lossOf('data', missing) ?? `data blob ${shortId(missing)} is not in the destination`
  }

  #progress(): CopyProgress {
    const { blobsDone, blobsWanted, bytesDone, bytesWanted } = this.#transfer
    return {
      snapshotsDone: this.#outcomes.size,
      snapshotsTotal: this.#snapshots.length,
      trees: this.#trees,
      blobsDone,
      blobsWanted,
      bytesDone,
      bytesWanted,
      secondsElapsed: (performance.now() - this.#startedAt) / 1000,
    }
  }
}

function firstOf(ids: IdSet, count: number): IdSet {
  const first = new IdSet()
  for (const id of ids) {
    if (first.size === count) break
    first.add(id)
  }
  return first
}
