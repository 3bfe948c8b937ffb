import { availableParallelism } from 'node:os'
import type { DirectoryEntry } from '../../entry.ts'
import { InvalidInputError, KnownError } from '../../errors.ts'
import { BlobTable, MAXIMUM_REPOSITORIES } from '../../index/blob-table.ts'
import { formatTime } from '../../json/go-time.ts'
import {
  addCounts,
  BlobStorer,
  emptyCounts,
  type RepositorySecrets,
  type StoredCounts,
  type StorerOptions,
} from '../../pack/blob-storer.ts'
import { PACK_SIZE_LIMITS } from '../../pack/pack-builder.ts'
import { encodeSnapshot } from '../../snapshot/codec.ts'
import type { Snapshot, SnapshotSummary, StoredSnapshot } from '../../snapshot/snapshot.ts'
import type {
  BackupEvent,
  BackupNotice,
  BackupResult,
  BackupTask,
  BackupWorkerData,
} from '../../workers/backup-protocol.ts'
import { WorkerPool, workerUrl } from '../../workers/worker-pool.ts'
import { Archiver, type StoredTree } from './archiver.ts'
import { ContentQueue } from './content-queue.ts'
import { countEntries } from './estimate.ts'
import { PackWriter } from '../../repository/pack-writer.ts'
import { findParent } from './parent.ts'
import { ProgressReporter } from './progress.ts'
import type {
  BackupOptions,
  BackupReport,
  BackupTarget,
  CompressionMode,
  Outcome,
  RepositoryReport,
  UnreadableItem,
} from './report.ts'

const LEVELS: Readonly<Record<CompressionMode, number>> = { off: 0, fastest: 1, auto: 2, better: 7, max: 12 }
const MOST_THREADS = 8
/** Packs that may wait to be stored, one more per repository, before reading pauses. */
const WAITING_PACKS = 2

/** There is nothing to back up: every target is missing, empty or excluded. */
export class EmptyBackupError extends KnownError {
  override readonly name = 'EmptyBackupError'
  readonly code = 'EMPTY_BACKUP'

  constructor() {
    super('there is nothing to back up: nothing was found, or everything was excluded or unreadable', {
      hint: 'check the paths and the exclude patterns; no snapshot was made',
    })
  }
}

/**
 * Backs entries up into several repositories: read, cut, hashed and compressed once, encrypted and stored for each. One
 * repository's failure does not stop the others; it is in the report.
 *
 * @param targets open, locked and with loaded indexes; all with the same chunker polynomial
 * @throws the signal's reason: what was stored until then is indexed, and reused by the next run
 * @throws {EmptyBackupError} @throws what a stream entry throws: its content cannot be vouched for, no snapshot is made
 */
export async function backUp(
  root: DirectoryEntry,
  targets: readonly BackupTarget[],
  options: BackupOptions,
): Promise<BackupReport> {
  refuseUnusable(targets, options)
  await using run = new BackupRun(targets, options)
  return await run.execute(root)
}

function refuseUnusable(targets: readonly BackupTarget[], { packSizeBytes }: BackupOptions): void {
  if (targets.length === 0 || targets.length > MAXIMUM_REPOSITORIES) {
    throw new InvalidInputError(`a backup goes to 1 to ${MAXIMUM_REPOSITORIES} repositories, not ${targets.length}`)
  }
  const polynomials = new Set(targets.map(({ repository }) => repository.config.chunkerPolynomial))
  if (polynomials.size > 1) {
    throw new InvalidInputError('the repositories do not cut content in the same way', {
      hint: 'create the second one with `hikae init --from-repo FIRST --copy-chunker-params`, or back up to each in turn',
    })
  }
  const { minimum, maximum } = PACK_SIZE_LIMITS
  if (packSizeBytes !== undefined && !(packSizeBytes >= minimum && packSizeBytes <= maximum)) {
    throw new InvalidInputError(`a pack size of ${packSizeBytes} bytes is not between 4 and 128 MiB`)
  }
}

class BackupRun implements AsyncDisposable {
  readonly #targets: readonly BackupTarget[]
  readonly #options: BackupOptions
  readonly #timeNs: bigint
  readonly #startNs = nowNs()
  readonly #table: BlobTable
  readonly #pool: WorkerPool<BackupTask, BackupResult, BackupEvent>
  readonly #writers: PackWriter[]
  readonly #treeStorer: BlobStorer
  readonly #progress: ProgressReporter
  readonly #unreadable: UnreadableItem[] = []
  readonly #dataCounts
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  /** Which thread made a pack, to give its memory back. */
  readonly #packOrigins = new WeakMap<ArrayBuffer, { worker: number; repository: number }>()
  #treeCounts: StoredCounts | undefined
  #storedWaiters: (() => void)[] = []

  constructor(targets: readonly BackupTarget[], options: BackupOptions) {
    this.#targets = targets
    this.#options = options
    this.#timeNs = options.time ?? this.#startNs
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal
    this.#dataCounts = emptyCounts(targets.length)
    this.#table = knownBlobs(targets)
    const secrets: RepositorySecrets[] = targets.map(({ repository }) => ({
      masterKey: repository.masterKey,
      version: repository.config.version,
    }))
    const storer: StorerOptions = {
      packSizeBytes: options.packSizeBytes ?? PACK_SIZE_LIMITS.default,
      level: LEVELS[options.compression ?? 'auto'],
      verify: options.verifyWrites ?? true,
    }
    this.#writers = targets.map(({ repository }, number) => this.#writer(repository, number, storer.packSizeBytes))
    for (const [number, { signal }] of targets.entries()) {
      signal?.addEventListener('abort', () => this.#writers[number]!.fail(signal.reason as Error), {
        signal: this.#stop.signal,
      })
    }
    this.#treeStorer = new BlobStorer('tree', this.#table, secrets, storer, (repository, pack, fill) =>
      this.#writers[repository]!.add(pack, fill),
    )
    this.#pool = new WorkerPool({
      url: workerUrl('../../workers/backup-worker', import.meta.url),
      size: options.readConcurrency ?? Math.min(availableParallelism(), MOST_THREADS),
      depth: 2,
      workerData: {
        polynomial: targets[0]!.repository.config.chunkerPolynomial,
        repositories: secrets,
        table: this.#table.segments,
        storer,
      } satisfies BackupWorkerData,
      onEvent: (event, worker) => this.#receive(event, worker),
    })
    this.#signal.addEventListener('abort', () => this.#pool.dropQueued(this.#signal.reason))
    this.#progress = new ProgressReporter(options.onProgress)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#progress[Symbol.dispose]()
    await this.#pool[Symbol.asyncDispose]()
  }

  async execute(root: DirectoryEntry): Promise<BackupReport> {
    const parents = await Promise.all(this.#targets.map((target) => this.#findParent(target)))
    this.#startEstimate(root, parents)
    let tree: StoredTree | undefined
    try {
      tree = await this.#archive(root, parents)
    } catch (error) {
      await this.#keepWhatWasStored()
      if (!this.#allFailed) throw error
    }
    if (tree?.isEmpty) throw new EmptyBackupError()
    if (tree) await this.#flush()
    const repositories = await Promise.all(
      this.#targets.map((target, number) => this.#conclude(target, number, tree, parents[number])),
    )
    return {
      outcome: worst(repositories.map(({ outcome }) => outcome)),
      unreadable: this.#unreadable,
      repositories,
      ...(tree ? { tree: tree.id } : {}),
      seconds: this.#progress.secondsElapsed,
      bytesUnchanged: this.#progress.counters.bytesUnchanged,
      bytesDeduplicated: this.#dataCounts.deduplicated,
    }
  }

  get #allFailed(): boolean {
    return this.#writers.every(({ error }) => error !== undefined)
  }

  async #findParent(target: BackupTarget): Promise<StoredSnapshot | undefined> {
    return await findParent(target, this.#options, this.#timeNs)
  }

  #startEstimate(root: DirectoryEntry, parents: readonly (StoredSnapshot | undefined)[]): void {
    if (!this.#options.estimate) return
    const summary = parents.find((parent) => parent?.summary)?.summary
    if (summary) {
      this.#progress.setTotals(summary.totalFilesProcessed, summary.totalBytesProcessed, { isFinal: false })
      return
    }
    countEntries(root, this.#signal).then(
      ({ files, bytes }) => this.#progress.setTotals(files, bytes, { isFinal: true }),
      // What cannot be counted cannot be read either, and the backup itself says so.
      () => undefined,
    )
  }

  async #archive(root: DirectoryEntry, parents: readonly (StoredSnapshot | undefined)[]): Promise<StoredTree> {
    const { onItem, onUnreadable, chunks = 'standard', withAtime = false } = this.#options
    const lead = parents.findIndex((parent) => parent !== undefined)
    const queue = new ContentQueue({
      pool: this.#pool,
      polynomial: this.#targets[0]!.repository.config.chunkerPolynomial,
      signal: this.#signal,
      hasRoom: () => this.#hasRoom,
      room: () => this.#room(),
      onCounts: (counts) => {
        addCounts(this.#dataCounts, counts)
        const segment = this.#table.grow()
        if (segment) this.#tell({ kind: 'segment', segment })
      },
      onRead: (bytes, files) => {
        this.#progress.counters.bytesDone += bytes
        this.#progress.counters.filesDone += files
      },
    })
    const archiver = new Archiver({
      queue,
      trees: this.#treeStorer,
      table: this.#table,
      wanted: () => this.#wantedMask(),
      parentRepository: this.#targets[lead]?.repository,
      rules: { ignoreInode: this.#options.ignoreInode ?? false, ignoreCtime: this.#options.ignoreCtime ?? false },
      withAtime,
      chunks,
      progress: this.#progress,
      signal: this.#signal,
      onItem,
      onUnreadable: (item) => {
        this.#unreadable.push(item)
        onUnreadable?.(item)
      },
    })
    return await archiver.archive(root, parents[lead]?.tree)
  }

  #wantedMask(): number {
    return this.#writers.reduce((mask, { error }, number) => (error ? mask : mask | (1 << number)), 0)
  }

  /** Makes no promise of a snapshot: only that what was read so far need not be read and sent again. */
  async #keepWhatWasStored(): Promise<void> {
    try {
      this.#stop.abort()
      await this.#flush()
      await Promise.all(this.#writers.map((writer) => writer.finish()))
    } catch {
      // The reason for stopping is thrown by the caller, and matters more than what could not be kept.
    }
  }

  /** Has every thread hand over its unfinished packs. */
  async #flush(): Promise<void> {
    for (const { counts } of await this.#pool.runOnEach({ kind: 'flush' })) addCounts(this.#dataCounts, counts)
    this.#treeStorer.flush()
  }

  async #conclude(
    target: BackupTarget,
    number: number,
    tree: StoredTree | undefined,
    parent: StoredSnapshot | undefined,
  ): Promise<RepositoryReport> {
    const { repository } = target
    const writer = this.#writers[number]!
    const base = { repository, ...(parent ? { parent: parent.id } : {}) }
    try {
      await writer.finish()
      if (!tree) throw new Error('the backup ended before its tree was complete')
      const summary = this.#summary(number)
      const outcome: Outcome = this.#unreadable.length > 0 ? 'incomplete' : 'succeeded'
      if (this.#options.dryRun) return { ...base, outcome, summary }
      if (this.#options.skipIfUnchanged && parent?.tree === tree.id) return { ...base, outcome, summary }
      this.#options.signal?.throwIfAborted()
      await target.confirmLock?.()
      const snapshot = this.#snapshot(tree, parent, summary)
      const id = await repository.writeUnpacked('snapshot', encodeSnapshot(snapshot))
      return { ...base, outcome, summary, snapshot: { ...snapshot, id } }
    } catch (error) {
      this.#options.signal?.throwIfAborted()
      return { ...base, outcome: 'failed', error: error as Error, summary: this.#summary(number) }
    }
  }

  #snapshot(tree: StoredTree, parent: StoredSnapshot | undefined, summary: SnapshotSummary): Snapshot {
    const { paths, hostname, username, uid, gid, excludes, tags, tagsAtEnd, programVersion } = this.#options
    return {
      time: formatTime(this.#timeNs),
      ...(parent ? { parent: parent.id } : {}),
      tree: tree.id,
      paths,
      hostname,
      username,
      uid,
      gid,
      excludes,
      tags: [...tags, ...(tagsAtEnd?.({ unreadable: this.#unreadable, summary }) ?? [])],
      programVersion,
      summary,
    }
  }

  #summary(number: number): SnapshotSummary {
    const { counters } = this.#progress
    const trees = (this.#treeCounts ??= this.#treeStorer.takeCounts())
    return {
      backupStart: formatTime(this.#startNs),
      backupEnd: formatTime(nowNs()),
      filesNew: counters.filesNew,
      filesChanged: counters.filesChanged,
      filesUnmodified: counters.filesUnmodified,
      dirsNew: counters.dirsNew,
      dirsChanged: counters.dirsChanged,
      dirsUnmodified: counters.dirsUnmodified,
      dataBlobs: this.#dataCounts.blobs[number]!,
      treeBlobs: trees.blobs[number]!,
      dataAdded: this.#dataCounts.added[number]! + trees.added[number]!,
      dataAddedPacked: this.#dataCounts.packed[number]! + trees.packed[number]! + this.#writers[number]!.overheadBytes,
      totalFilesProcessed: counters.filesNew + counters.filesChanged + counters.filesUnmodified,
      totalBytesProcessed: counters.bytesDone,
    }
  }

  #writer(repository: BackupTarget['repository'], number: number, packSizeBytes: number): PackWriter {
    return new PackWriter(repository, {
      packSizeBytes,
      dryRun: this.#options.dryRun ?? false,
      onStored: (memory) => {
        this.#giveBack(memory)
        this.#wakeWaiters()
      },
      onFailure: (error) => {
        this.#treeStorer.drop(number)
        this.#tell({ kind: 'drop', repository: number })
        this.#wakeWaiters()
        if (this.#allFailed) this.#stop.abort(error)
      },
    })
  }

  #receive(event: BackupEvent, worker: number): void {
    if (event.kind !== 'pack') return
    this.#packOrigins.set(event.pack.content.buffer, { worker, repository: event.repository })
    this.#writers[event.repository]!.add(event.pack, event.fill)
  }

  #tell(notice: BackupNotice): void {
    this.#pool.notifyAll(notice)
  }

  /** To the thread it came from, or to the system: with several repositories spare packs would be more than they save. */
  #giveBack(memory: ArrayBuffer): void {
    const origin = this.#packOrigins.get(memory)
    if (origin && this.#targets.length === 1) {
      const { worker, repository } = origin
      this.#pool.notify(worker, { kind: 'recycle', repository, memory } satisfies BackupNotice, [memory])
    } else {
      // Frees it now: the collector sees a small object and would take its time.
      memory.transfer(0)
    }
  }

  get #hasRoom(): boolean {
    const waiting = this.#writers.reduce((sum, writer) => sum + (writer.error ? 0 : writer.waiting), 0)
    return waiting <= WAITING_PACKS + this.#writers.length
  }

  /** Resolves when the repositories that still work have stored most of their packs. */
  async #room(): Promise<void> {
    while (!this.#hasRoom) {
      await new Promise<void>((resolve) => this.#storedWaiters.push(resolve))
    }
  }

  #wakeWaiters(): void {
    const waiters = this.#storedWaiters
    this.#storedWaiters = []
    for (const wake of waiters) wake()
  }
}

function knownBlobs(targets: readonly BackupTarget[]): BlobTable {
  const table = BlobTable.create(targets.reduce((sum, { repository }) => sum + repository.index.size, 0))
  for (const [number, { repository }] of targets.entries()) {
    repository.index.forEachId((type, words) => {
      table.claim(type, words, 1 << number)
    })
  }
  return table
}

function worst(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('failed')) return 'failed'
  return outcomes.includes('incomplete') ? 'incomplete' : 'succeeded'
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}
