import { closeSync, unlinkSync } from 'node:fs'
import { Semaphore, mapConcurrently } from '../../concurrency.ts'
import { DamagedError, KnownError } from '../../errors.ts'
import { pathBytes } from '../../filesystem/byte-path.ts'
import { setTimes } from '../../filesystem/times.ts'
import { shortId } from '../../ids.ts'
import type { BlobLocation } from '../../index/blob-index.ts'
import { isSystemError } from '../../native/system-call-error.ts'
import type { Repository } from '../../repository/repository.ts'
import {
  type BlobsTask,
  FINISH,
  OPENING,
  type Opening,
  type RestoreResult,
  type RestoreTask,
  WHOLE_FILE,
} from '../../workers/restore-protocol.ts'
import { openForWriting } from '../../workers/restore/output-files.ts'
import { reviveError, type ThreadError } from '../../workers/thread-error.ts'
import type { WorkerPool } from '../../workers/worker-pool.ts'
import { type BlobBatch, blobBatches, LOCAL_LIMITS, REMOTE_LIMITS, taskOf } from './blob-batches.ts'
import { BlobUses } from './blob-uses.ts'
import type { FileStates } from './file-states.ts'
import type { RestorePlan } from './plan.ts'
import type { Tally } from './tally.ts'

/** Files, or other entries, of one task. */
const TASK_ENTRIES = 256
/** Memory for what was read and is not written yet, by the number of batches: 8 MiB each. */
const MOST_BATCHES = 16

export interface ContentWriterOptions {
  readonly repository: Repository
  readonly plan: RestorePlan
  readonly states: FileStates
  readonly pool: WorkerPool<RestoreTask, RestoreResult>
  readonly tally: Tally
  /** See findTarget. */
  readonly target: string
  /** The directory that an entry lies in is there. */
  readonly isReachable: (position: number) => boolean
  readonly signal: AbortSignal | undefined
}

/** A blob that could not be had where it was sought first. */
interface LostBlob {
  readonly blob: number
  readonly uses: readonly number[]
  readonly error: ThreadError
}

/** Makes files and what else is no directory, and fills them, pack by pack. */
export class ContentWriter {
  readonly #options: ContentWriterOptions
  readonly #plan: RestorePlan
  readonly #states: FileStates
  readonly #pool: WorkerPool<RestoreTask, RestoreResult>
  readonly #tally: Tally
  readonly #uses: BlobUses
  readonly #reads: Semaphore
  #lost: LostBlob[] = []
  #complete: number[] = []

  constructor(options: ContentWriterOptions) {
    this.#options = options
    this.#plan = options.plan
    this.#states = options.states
    this.#pool = options.pool
    this.#tally = options.tally
    this.#reads = new Semaphore(options.repository.backend.connections)
    this.#uses = new BlobUses(options.plan, (file) => options.isReachable(options.plan.files.positions[file]!))
  }

  /** Every file that can be restored is, when this is over. Throws the signal's reason, or what stops everything. */
  async write(): Promise<void> {
    const { repository, signal } = this.#options
    const isLocal = repository.backend.localPath !== undefined
    const lanes = isLocal
      ? this.#pool.size * 2
      : Math.min(MOST_BATCHES, repository.backend.connections + this.#pool.size)
    await mapConcurrently(this.#work(isLocal), lanes, async (work) => {
      signal?.throwIfAborted()
      await work()
      if (this.#complete.length >= TASK_ENTRIES) await this.#finish(this.#complete.splice(0))
    })
    for (const lost of this.#lost) {
      signal?.throwIfAborted()
      await this.#recover(lost)
    }
    for (const files of inGroups(this.#complete.splice(0))) await this.#finish(files)
  }

  /** Sees to it that nothing half done can be taken for done, after {@link ContentWriter.write} was cut short. */
  abandon(): void {
    for (let file = 0; file < this.#plan.files.count; file++) if (this.#states.isBegun(file)) this.#discard(file)
  }

  *#work(isLocal: boolean): Generator<() => Promise<void>> {
    yield* this.#entryWork()
    yield* this.#emptyFileWork()
    yield* this.#completeFileWork()
    const limits = isLocal ? LOCAL_LIMITS : REMOTE_LIMITS
    for (const batch of blobBatches(this.#plan, this.#uses, limits, (file) => this.#begin(file))) {
      yield () => this.#writeBatch(batch)
    }
  }

  *#entryWork(): Generator<() => Promise<void>> {
    const { entries, entryOpenings, keptEntries } = this.#plan
    for (const group of inGroups(entries.map((_, at) => at))) {
      const reachable = group.filter((at) => this.#options.isReachable(entries[at]!))
      const positions = reachable.map((at) => entries[at]!)
      const how = Uint8Array.from(reachable, (at) => entryOpenings[at]!)
      yield () =>
        this.#makeEntries(positions, { kind: 'entries', positions: Float64Array.from(positions), how }, 'restored')
    }
    for (const group of inGroups(keptEntries)) {
      const positions = group.filter((position) => this.#options.isReachable(position))
      yield () =>
        this.#makeEntries(positions, { kind: 'metadata', positions: Float64Array.from(positions) }, 'unchanged')
    }
  }

  async #makeEntries(positions: readonly number[], task: RestoreTask, action: 'restored' | 'unchanged'): Promise<void> {
    const result = await this.#pool.run(task)
    const failed = this.#takeProblems(result, (at) => positions[at]!)
    for (const [at, position] of positions.entries()) {
      if (!failed.has(at)) this.#tally.file(action, this.#plan.location(position), 0)
    }
  }

  /** New files without content. */
  *#emptyFileWork(): Generator<() => Promise<void>> {
    const isEmpty = (file: number) => {
      const { files } = this.#plan
      return files.firstParts[file] === files.firstParts[file + 1] && this.#isNew(file)
    }
    for (const group of inGroups(this.#select(isEmpty))) {
      const positions = Float64Array.from(group, (file) => this.#plan.files.positions[file]!)
      const how = Uint8Array.from(group, (file) => this.#plan.files.beginnings[file]!)
      yield async () => this.#end(group, await this.#pool.run({ kind: 'entries', positions, how }))
    }
  }

  /** Files that only lack metadata, and those that consist of holes or missing parts only. */
  *#completeFileWork(): Generator<() => Promise<void>> {
    const isComplete = (file: number) => {
      const { files } = this.#plan
      const hasParts = files.firstParts[file] !== files.firstParts[file + 1]
      return this.#states.needed(file) === 0 && (hasParts || !this.#isNew(file))
    }
    for (const group of inGroups(this.#select(isComplete))) {
      yield async () => this.#finish(group.filter((file) => this.#begin(file)))
    }
  }

  *#select(isWanted: (file: number) => boolean): Generator<number> {
    for (let file = 0; file < this.#plan.files.count; file++) {
      if (isWanted(file) && this.#options.isReachable(this.#plan.files.positions[file]!)) yield file
    }
  }

  /** Makes a file that is going to be written in several parts. @returns whether it can be written to */
  #begin(file: number): boolean {
    if (this.#states.hasFailed(file)) return false
    if (!this.#states.isWaiting(file) || this.#states.isWhole(file)) return true
    if (this.#isNew(file)) {
      try {
        closeSync(openForWriting(this.#path(file), this.#plan.files.beginnings[file]! as Opening))
      } catch (error) {
        this.#states.fail(file)
        this.#tally.caught(this.#location(file), error)
        return false
      }
    }
    this.#states.begin(file)
    return true
  }

  async #writeBatch(batch: BlobBatch): Promise<void> {
    this.#tally.currentFile = this.#location(this.#uses.files[batch.uses[0]!]!)
    const task = await this.#taskOf(batch)
    if (!('kind' in task)) {
      this.#lose(
        batch,
        batch.blobs.map((_, at) => ({ at, error: task.error })),
      )
      return
    }
    const transfer = task.source.kind === 'bytes' ? [task.source.bytes.buffer as ArrayBuffer] : []
    const result = await this.#pool.run(task, { transfer })
    this.#settle(batch, result)
  }

  async #taskOf(batch: BlobBatch): Promise<BlobsTask | { error: Error }> {
    const source = await this.#sourceOf(batch)
    if ('error' in source) return source
    return taskOf(this.#plan, this.#uses, batch, source, (file) => this.#howOf(file))
  }

  async #sourceOf({ pack, start, end }: BlobBatch): Promise<BlobsTask['source'] | { error: Error }> {
    const { backend } = this.#options.repository
    if (backend.localPath) return { kind: 'path', path: backend.localPath('pack', pack) }
    const { signal } = this.#options
    try {
      const bytes = await this.#reads.run(() =>
        backend.read('pack', pack, { offset: start, length: end - start, ...(signal ? { signal } : {}) }),
      )
      return { kind: 'bytes', bytes: transferable(bytes), offset: start }
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof KnownError)) throw error
      return { error }
    }
  }

  #howOf(file: number): number {
    const beginning = this.#plan.files.beginnings[file]! as Opening
    if (this.#states.isWhole(file)) return beginning | WHOLE_FILE
    return beginning === OPENING.existing ? OPENING.existing : OPENING.create
  }

  #settle(batch: BlobBatch, result: RestoreResult): void {
    const lost = result.failures.filter(({ of }) => of === 'blob')
    this.#lose(batch, lost)
    const failed = this.#takeProblems(result, (at) => this.#plan.files.positions[this.#uses.files[batch.uses[at]!]!]!)
    const lostBlobs = new Set(lost.map(({ at }) => at))
    let at = 0
    for (const [number, blob] of batch.blobs.entries()) {
      for (const end = at + batch.useCounts[number]!; at < end; at++) {
        const file = this.#uses.files[batch.uses[at]!]!
        if (failed.has(at)) this.#fail(file)
        else if (!lostBlobs.has(number)) this.#partIsWritten(file, this.#plan.blobs.plainLength(blob))
      }
    }
  }

  #partIsWritten(file: number, bytes: number): void {
    this.#tally.bytesRestored += bytes
    if (!this.#states.partIsOver(file) || this.#states.hasFailed(file)) return
    if (this.#states.isWhole(file) && this.#states.isWaiting(file)) this.#isOver(file)
    else this.#complete.push(file)
  }

  #lose(batch: BlobBatch, lost: readonly { at: number; error: ThreadError }[]): void {
    for (const { at, error } of lost) {
      const first = batch.useCounts.slice(0, at).reduce((sum, count) => sum + count, 0)
      const uses = batch.uses.slice(first, first + batch.useCounts[at]!)
      this.#lost.push({ blob: batch.blobs[at]!, uses, error })
    }
  }

  /** Tries every copy of a blob, the first one once more too: the reading may have been at fault. */
  async #recover({ blob, uses, error }: LostBlob): Promise<void> {
    const { repository, signal } = this.#options
    const id = this.#plan.blobs.id(blob)
    const tried = this.#plan.blobs.location(blob)
    for (const location of await this.#copiesOf(blob, tried)) {
      let unit: Uint8Array
      try {
        const { offset, length } = location
        unit = await repository.backend.read('pack', location.pack, { offset, length, ...(signal ? { signal } : {}) })
      } catch (readError) {
        signal?.throwIfAborted()
        if (!(readError instanceof KnownError)) throw readError
        continue
      }
      if (await this.#writeCopy(blob, uses, location, unit)) return
    }
    const reason = reviveError(error).message
    const problem = new DamagedError(
      `part ${shortId(id)} of its content, in pack ${shortId(tried.pack)}, cannot be read: ${reason}`,
      { hint: 'the rest of the file is there; run `hikae check --read-data` to see how far the damage goes' },
    )
    for (const use of uses) this.#partIsLost(this.#uses.files[use]!, problem)
  }

  async #copiesOf(blob: number, tried: BlobLocation): Promise<BlobLocation[]> {
    const { repository, signal } = this.#options
    const id = this.#plan.blobs.id(blob)
    let copies = repository.index.findAll('data', id)
    // Another program may have moved the blob meanwhile.
    if (copies.length < 2) copies = (await repository.loadIndex(signal)).findAll('data', id)
    const isTried = ({ pack, offset }: BlobLocation) => pack === tried.pack && offset === tried.offset
    return [...copies.filter((copy) => !isTried(copy)), tried]
  }

  async #writeCopy(
    blob: number,
    uses: readonly number[],
    { pack, offset, length, uncompressedLength }: BlobLocation,
    unit: Uint8Array,
  ): Promise<boolean> {
    const open = uses.filter((use) => this.#begin(this.#uses.files[use]!))
    const batch = { pack, start: offset, end: offset + length, blobs: [blob], useCounts: [open.length], uses: open }
    const source = { kind: 'bytes', bytes: unit, offset } as const
    const task = taskOf(this.#plan, this.#uses, batch, source, (file) => this.#howOf(file))
    const blobs = Uint32Array.of(offset, length, uncompressedLength, open.length)
    const result = await this.#pool.run({ ...task, blobs })
    if (result.failures.some(({ of }) => of === 'blob')) return false
    this.#settle(batch, result)
    return true
  }

  #partIsLost(file: number, problem: Error): void {
    if (this.#states.hasFailed(file)) return
    if (!this.#states.isDamaged(file)) this.#tally.problem(this.#location(file), problem)
    const isWhole = this.#states.isWhole(file)
    this.#states.setDamaged(file)
    if (!this.#states.partIsOver(file)) return
    // A file that would have been made along with its only part has nothing to show.
    if (isWhole && this.#isNew(file)) this.#states.fail(file)
    else this.#complete.push(file)
  }

  async #finish(group: readonly number[]): Promise<void> {
    const files = group.filter((file) => !this.#states.hasFailed(file))
    if (files.length === 0) return
    const positions = Float64Array.from(files, (file) => this.#plan.files.positions[file]!)
    const how = Uint8Array.from(files, (file) => {
      if (this.#states.isDamaged(file)) return FINISH.damaged
      return this.#states.isDifferent(file) ? FINISH.length : FINISH.metadata
    })
    this.#end(files, await this.#pool.run({ kind: 'finish', positions, how }))
  }

  #end(files: readonly number[], result: RestoreResult): void {
    const failed = this.#takeProblems(result, (at) => this.#plan.files.positions[files[at]!]!)
    for (const [at, file] of files.entries()) {
      if (failed.has(at)) this.#fail(file)
      else this.#isOver(file)
    }
  }

  #isOver(file: number): void {
    this.#states.finish(file)
    if (this.#states.isDamaged(file)) return
    const size = this.#plan.size(this.#plan.files.positions[file]!)
    const changed = this.#isNew(file) ? 'restored' : 'updated'
    this.#tally.file(this.#states.isDifferent(file) ? changed : 'unchanged', this.#location(file), size)
  }

  /** @returns numbers of the entries that could not be made, each reported */
  #takeProblems({ failures, complaints }: RestoreResult, positionOf: (at: number) => number): Set<number> {
    const failed = new Set<number>()
    for (const { of, at, error } of failures) {
      if (of !== 'entry') continue
      failed.add(at)
      this.#tally.problem(this.#plan.location(positionOf(at)), error)
    }
    for (const { position, part, error } of complaints) {
      this.#tally.problem(this.#plan.location(position), { ...error, message: `its ${part}: ${error.message}` })
    }
    return failed
  }

  #fail(file: number): void {
    if (this.#states.isBegun(file)) this.#discard(file)
    this.#states.fail(file)
  }

  /** Half a new file is removed; a file that was there gets a time that no later restore takes for the right one. */
  #discard(file: number): void {
    const path = this.#path(file)
    try {
      if (this.#isNew(file)) unlinkSync(pathBytes(path))
      else setTimes(path, { atimeNs: 0n, mtimeNs: 0n })
    } catch (error) {
      if (!isSystemError(error)) throw error
      this.#tally.problems.push({ path: this.#location(file), error })
    }
  }

  #isNew(file: number): boolean {
    const beginning = this.#plan.files.beginnings[file]
    return beginning === OPENING.create || beginning === OPENING.replace
  }

  #location(file: number): string {
    return this.#plan.location(this.#plan.files.positions[file]!)
  }

  #path(file: number): string {
    return this.#options.target + this.#location(file)
  }
}

function* inGroups(items: Iterable<number>): Generator<number[]> {
  let group: number[] = []
  for (const item of items) {
    group.push(item)
    if (group.length < TASK_ENTRIES) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

/** A view of a larger buffer would take that along. */
function transferable(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes)
}
