import { type BlobId, shortId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import type { BlobType } from '../../pack/blob.ts'
import type { Repository } from '../../repository/repository.ts'
import { Repacker } from '../repack/repack.ts'
import type { CopyOptions } from './report.ts'
import { WantedBlobs } from './wanted-blobs.ts'

export interface TransferOptions extends Pick<CopyOptions, 'compression' | 'packSizeBytes'> {
  readonly from: Repository
  readonly to: Repository
  readonly signal: AbortSignal
}

/** What is known of a blob of the source, other than that the destination had it before. */
const UNKNOWN = 0
const WANTED = 1
/** Durable in the destination, and in an index file there. */
const STORED = 2
const LOST = 3

/**
 * Brings blobs into another repository, many at a time and each once, while more are being asked for. What was settled
 * is durable and in the index files of the destination, as is most of what was not when the work ends early. Its loaded
 * index is not brought up to date: it would be there twice.
 *
 * Memory: one byte per blob of the source, and what {@link Repacker} needs.
 */
export class BlobTransfer implements AsyncDisposable {
  readonly #options: TransferOptions
  /** Of the source, as it was loaded at the beginning: rows are its. */
  readonly #index: BlobIndex
  readonly #repacker: Repacker
  /** By the row of the blob's first copy. */
  readonly #states: Uint8Array
  #wanted: WantedBlobs
  /** The round that is on its way. */
  #running: Promise<void> = Promise.resolve()
  /** Why blobs could not be had, by type and id. */
  readonly #losses = new Map<string, string>()
  #isDoubtful = false
  #settledBytes = 0
  blobsWanted = 0
  bytesWanted = 0
  blobsDone = 0
  bytesDone = 0
  bytesStored = 0

  constructor(options: TransferOptions) {
    this.#options = options
    this.#index = options.from.index
    this.#states = new Uint8Array(this.#index.size)
    this.#wanted = new WantedBlobs(this.#index)
    const { from, to, compression = 'compress', packSizeBytes } = options
    this.#repacker = new Repacker({ from, to, compression, packSizeBytes })
  }

  /** Waits for what is on its way, whatever becomes of it: nothing is running afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.#running])
    await this.#repacker[Symbol.asyncDispose]()
  }

  /** Stored bytes asked for since {@link BlobTransfer.settle}. */
  get unsettledBytes(): number {
    return this.bytesWanted - this.#settledBytes
  }

  /** Why the source has no such blob to give; undefined when nothing is known against it. */
  lossOf(type: BlobType, id: BlobId): string | undefined {
    return this.#losses.get(type + id)
  }

  /** Whether the destination has the blob, durable and in an index: from before, or since it was settled. */
  isStored(type: BlobType, id: BlobId): boolean {
    if (this.#options.to.index.has(type, id)) return true
    const row = this.#index.rowOf(type, id)
    return row !== -1 && this.#states[row] === STORED
  }

  /** The blob cannot be had: what needs it cannot be copied. */
  lose(type: BlobType, id: BlobId, reason: string): void {
    this.#isDoubtful = true
    this.#losses.set(type + id, reason)
    const row = this.#index.rowOf(type, id)
    if (row !== -1) this.#states[row] = LOST
  }

  /** Asks for a blob, unless the destination has it or will have it. */
  want(type: BlobType, id: BlobId): void {
    if (this.#options.to.index.has(type, id)) return
    const row = this.#index.rowOf(type, id)
    if (row === -1) return this.lose(type, id, `${type} blob ${shortId(id)} is in no index of the source`)
    if (this.#states[row] === LOST) this.#isDoubtful = true
    if (this.#states[row] !== UNKNOWN) return
    this.#states[row] = WANTED
    this.#wanted.add(row)
    this.blobsWanted++
    this.bytesWanted += this.#index.lengthAt(row)
  }

  /** Waits until more may be asked for: memory is bounded by what two rounds want. @throws when a round failed */
  async room(): Promise<void> {
    if (!this.#wanted.isFull) return
    await this.#running
    if (this.#wanted.isFull) this.#start()
  }

  /**
   * Waits until everything asked for is durable and in an index file of the destination.
   *
   * @returns false when something asked for since the last time could not be had
   * @throws the destination, or the connection to the source, failed
   */
  async settle(): Promise<boolean> {
    await this.#running
    this.#start()
    await this.#running
    const isWhole = !this.#isDoubtful
    this.#isDoubtful = false
    this.#settledBytes = this.bytesWanted
    return isWhole
  }

  #start(): void {
    if (this.#wanted.size === 0) return
    const moving = this.#wanted
    this.#wanted = new WantedBlobs(this.#index)
    this.#running = this.#move(moving)
    // Whoever waits next gets the error; until then it has been seen.
    this.#running.catch(() => undefined)
  }

  async #move(moving: WantedBlobs): Promise<void> {
    let lost = 0
    const done = await this.#repacker.repack({
      packs: moving.packs(),
      signal: this.#options.signal,
      onPack: ({ bytes, blobs }) => {
        this.bytesDone += bytes
        this.blobsDone += blobs
      },
      onDamaged: ({ type, id }, pack, reason) => {
        lost++
        this.lose(type, id, `${type} blob ${shortId(id)} in pack ${shortId(pack)} is damaged: ${reason}`)
      },
    })
    this.bytesStored += done.bytesStored
    if (done.blobs !== moving.size - lost) {
      throw new Error(`${moving.size} blobs were wanted, ${lost} are damaged, ${done.blobs} were stored`)
    }
    for (const row of moving.rows()) if (this.#states[row] === WANTED) this.#states[row] = STORED
  }
}
