import { BackendError } from '../../backend/backend.ts'
import { hasCode } from '../../backend/local/system-error.ts'
import { mapConcurrently } from '../../concurrency.ts'
import { DamagedError } from '../../errors.ts'
import { type PackId, shortId } from '../../ids.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import { blobAt, type BlobColumns, blobsInColumns, columnsOf, numbersAt } from '../../pack/blob-columns.ts'
import { release } from '../../pack/release.ts'
import { PACK_SIZE_LIMITS } from '../../pack/pack-builder.ts'
import { isDamage } from '../../repository/damage.ts'
import { LockLostError } from '../../repository/lock-error.ts'
import { PackWriter } from '../../repository/pack-writer.ts'
import type { Repository } from '../../repository/repository.ts'
import type { BlobsSource } from '../../workers/blob-opener.ts'
import type { RepackTask } from '../../workers/repack-protocol.ts'
import { reviveError } from '../../workers/thread-error.ts'
import { extentOf, fetchRanges } from './ranges.ts'
import { RepackThreads } from './repack-threads.ts'

/** Requests for packs that are under way at the same time; each has up to 8 MiB. */
const MOST_FETCHES = 16
/** New packs that may wait for a local disk before more are made. */
const WAITING_PACKS = 2

export interface RepackerOptions {
  readonly from: Repository
  /** May be the same repository. */
  readonly to: Repository
  /**
   * Compress data that is stored uncompressed, where `to` can, also when it does not become shorter: then it is not tried
   * again. Trees are compressed in either case (§7), and what is compressed stays as it is.
   */
  readonly compression: 'keep' | 'compress'
  /** 16 MiB by default. */
  readonly packSizeBytes?: number | undefined
}

export interface RepackRound {
  /** Packs of `from` with the blobs that are wanted of each, which are given up here. A blob that is named twice is stored twice. */
  readonly packs: Iterable<{ readonly id: PackId; readonly blobs: BlobColumns }>
  readonly signal?: AbortSignal | undefined
  /** Told of each source pack when its wanted blobs are on their way: their bytes and number, lost ones left out. */
  readonly onPack?: ((done: { id: PackId; bytes: number; blobs: number }) => void) | undefined
  /** Told of each wanted blob that cannot be used; without it the first one throws {@link DamagedError}. */
  readonly onDamaged?: ((blob: PackedBlob, pack: PackId, reason: string) => void) | undefined
}

export interface RepackReport {
  /** Source packs. */
  readonly packs: number
  /** Blobs that were stored. */
  readonly blobs: number
  /** Stored bytes of the blobs that were wanted. */
  readonly bytesRead: number
  /** Bytes of the new packs. */
  readonly bytesStored: number
  readonly newPacks: readonly PackId[]
}

/**
 * Copies blobs into new packs, in worker threads. Each is proven first: authenticated, decrypted, decompressed, hashed.
 * With equal keys the encrypted unit is copied as it is (§25.7). A blob that cannot be used is taken from another pack
 * that the index of `from` names, if there is one. Only the ranges that are needed are read.
 *
 * When it resolves, the new packs and the index files that name them are durable in `to`; the loaded index of `to` does
 * not know them yet. When it throws, what had been stored is in the index where that is possible: nothing is wrong with
 * it, and the next run need not do it again.
 *
 * Memory: a pack of data and one of trees being filled for each thread, and the few packs that wait to be stored.
 *
 * @throws {DamagedError} a blob has no usable copy, and nobody is told @throws the signal's reason @throws the first
 * failure to store
 */
export async function repack(options: RepackerOptions & RepackRound): Promise<RepackReport> {
  await using repacker = new Repacker(options)
  return await repacker.repack(options)
}

/** Repacks several times, one after the other, with the same threads: their memory would not be given back in between. */
export class Repacker implements AsyncDisposable {
  readonly #options: RepackerOptions
  readonly #threads: RepackThreads

  constructor(options: RepackerOptions) {
    this.#options = options
    this.#threads = new RepackThreads(options)
  }

  /** To be called when no round is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads[Symbol.asyncDispose]()
  }

  /** One round; promises what {@link repack} does. To be called when the one before has ended. */
  async repack(round: RepackRound): Promise<RepackReport> {
    using run = new RepackRun(this.#options, round, this.#threads)
    try {
      return await run.execute()
    } catch (error) {
      // What they hold of this round must not get into the packs of another.
      await this.#threads[Symbol.asyncDispose]()
      throw error
    }
  }
}

class RepackRun implements Disposable {
  readonly #options: RepackerOptions
  readonly #round: RepackRound
  readonly #threads: RepackThreads
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #writer: PackWriter
  readonly #newPacks: PackId[] = []
  #packs = 0
  #blobs = 0
  #bytesRead = 0

  constructor(options: RepackerOptions, round: RepackRound, threads: RepackThreads) {
    this.#options = options
    this.#round = round
    this.#threads = threads
    this.#signal = round.signal ? AbortSignal.any([round.signal, this.#stop.signal]) : this.#stop.signal
    this.#writer = new PackWriter(options.to, {
      packSizeBytes: options.packSizeBytes ?? PACK_SIZE_LIMITS.default,
      dryRun: false,
      onFailure: (error) => this.#stop.abort(error),
      onStored: (memory, pack) => {
        this.#newPacks.push(pack)
        // Frees it now: the collector sees a small object and would take its time.
        memory.transfer(0)
      },
    })
    threads.onPack = ({ pack, fill }) => this.#writer.add(pack, fill)
    this.#signal.addEventListener('abort', () => {
      // Without the lock somebody may be removing what is in no index yet: nothing may be named from then on.
      if (this.#signal.reason instanceof LockLostError) this.#writer.fail(this.#signal.reason)
      threads.dropQueued(this.#signal.reason)
    })
  }

  /** Does not hear of the signal any more. */
  [Symbol.dispose](): void {
    this.#stop.abort()
  }

  async execute(): Promise<RepackReport> {
    try {
      this.#signal.throwIfAborted()
      await mapConcurrently(this.#round.packs, this.#lanes, (pack) => this.#repackPack(pack))
      await this.#threads.flush()
      await this.#writer.finish()
    } catch (error) {
      await this.#keepWhatWasDone(error)
      throw error
    }
    return {
      packs: this.#packs,
      blobs: this.#blobs,
      bytesRead: this.#bytesRead,
      bytesStored: this.#writer.storedBytes,
      newPacks: this.#newPacks,
    }
  }

  /** A thread that reads packs itself always has the next one waiting; requests are slow, so more are under way. */
  get #lanes(): number {
    const { backend } = this.#options.from
    if (backend.localPath) return this.#threads.count + 1
    return Math.min(MOST_FETCHES, backend.connections + this.#threads.count)
  }

  async #repackPack({ id, blobs }: { id: PackId; blobs: BlobColumns }): Promise<void> {
    let bytes = 0
    let stored = 0
    for (const range of this.#rangesOf(blobs)) {
      const lost = new Set(await this.#repackRange(id, range))
      for (let at = 0; at < blobsInColumns(range); at++) {
        const { length } = numbersAt(range, at)
        this.#bytesRead += length
        if (lost.has(at)) continue
        bytes += length
        stored++
      }
      release(range.ids, range.numbers)
    }
    this.#packs++
    this.#blobs += stored
    this.#round.onPack?.({ id, bytes, blobs: stored })
  }

  /** In memory of their own, or all of `blobs`, which is given up. */
  #rangesOf(blobs: BlobColumns): BlobColumns[] {
    // A thread that reads the pack itself skips what is not wanted.
    if (this.#options.from.backend.localPath) return [blobs]
    const ranges = fetchRanges(blobs)
    release(blobs.ids, blobs.numbers)
    return ranges
  }

  /** @returns the numbers of the blobs that are lost */
  async #repackRange(pack: PackId, range: BlobColumns): Promise<number[]> {
    if (blobsInColumns(range) === 0) return []
    const lost: number[] = []
    for (const { at, reason } of await this.#attempt(pack, range, await this.#sourceOf(pack, range))) {
      const blob = blobAt(range, at)
      if (await this.#takeCopy(blob, pack)) continue
      this.#tellDamage(blob, pack, reason)
      lost.push(at)
    }
    return lost
  }

  async #attempt(
    pack: PackId,
    range: BlobColumns,
    source: BlobsSource['source'] | Error,
  ): Promise<{ at: number; reason: string }[]> {
    if (source instanceof Error) {
      return Array.from({ length: blobsInColumns(range) }, (_, at) => ({ at, reason: source.message }))
    }
    const transfer = source.kind === 'bytes' ? [source.bytes.buffer as ArrayBuffer] : []
    await this.#room()
    const task: RepackTask = { kind: 'blobs', source, blobs: range.numbers, ids: range.ids }
    const { failures } = await this.#threads.run(task, transfer)
    return failures.map(({ at, error }) => ({ at, reason: reviveError(error).message }))
  }

  /** Until most of what was made is stored. */
  async #room(): Promise<void> {
    const { backend } = this.#options.to
    await this.#writer.room(backend.localPath ? WAITING_PACKS : backend.connections)
    this.#signal.throwIfAborted()
  }

  async #sourceOf(pack: PackId, range: BlobColumns): Promise<BlobsSource['source'] | Error> {
    this.#signal.throwIfAborted()
    const path = this.#options.from.backend.localPath?.('pack', pack)
    return path === undefined ? await this.#fetch(pack, range) : { kind: 'path', path }
  }

  /** @returns an error when the bytes are not to be had; trouble that may pass, or is not about this pack, is thrown */
  async #fetch(pack: PackId, range: BlobColumns): Promise<BlobsSource['source'] | Error> {
    const { offset, length } = extentOf(range)
    try {
      const bytes = await this.#options.from.backend.read('pack', pack, { offset, length, signal: this.#signal })
      return { kind: 'bytes', bytes, offset }
    } catch (error) {
      if (isUnreadable(error)) return error
      throw error
    }
  }

  /** Every copy of the blob, that one once more too: the reading may have been at fault. */
  async #takeCopy(blob: PackedBlob, pack: PackId): Promise<boolean> {
    const copies = this.#options.from.index.findAll(blob.type, blob.id)
    const others = copies.filter((copy) => copy.pack !== pack || copy.offset !== blob.offset)
    for (const copy of [...others, { ...blob, pack }]) {
      const { offset, length, uncompressedLength } = copy
      const range = columnsOf([{ ...blob, offset, length, uncompressedLength }])
      const source = await this.#fetch(copy.pack, range)
      if ((await this.#attempt(copy.pack, range, source)).length === 0) return true
    }
    return false
  }

  #tellDamage(blob: PackedBlob, pack: PackId, reason: string): void {
    const { onDamaged } = this.#round
    if (onDamaged) return onDamaged(blob, pack, reason)
    throw new DamagedError(`${blob.type} blob ${shortId(blob.id)} in pack ${shortId(pack)} is damaged: ${reason}`, {
      hint: `run \`hikae check --read-data\` to see how far the damage goes, then \`hikae repair packs ${pack}\``,
    })
  }

  async #keepWhatWasDone(error: unknown): Promise<void> {
    this.#stop.abort(error)
    try {
      if (!this.#writer.error) await this.#threads.flush()
    } catch {
      // The threads have failed; what is stored already can still be kept.
    }
    try {
      await this.#writer.finish()
    } catch {
      // The caller throws the reason for stopping, which matters more than what could not be kept.
    }
  }
}

/** Whether this pack, and only this one, cannot give its bytes back. */
export function isUnreadable(error: unknown): error is Error {
  return isDamage(error) || (error instanceof BackendError && hasCode(error.cause, 'EIO'))
}
