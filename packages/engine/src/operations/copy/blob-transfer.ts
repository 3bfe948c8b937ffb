import { type BlobId, shortId } from '../../ids.ts'
import type { BlobType } from '../../pack/blob.ts'
import type { Repository } from '../../repository/repository.ts'
import { repack } from '../repack/repack.ts'
import type { CopyOptions } from './report.ts'
import { WantedBlobs } from './wanted-blobs.ts'

export interface TransferOptions extends Pick<CopyOptions, 'compression' | 'packSizeBytes'> {
  readonly from: Repository
  readonly to: Repository
  readonly signal: AbortSignal
}

/**
 * Brings blobs into another repository, many at a time and each once, while more are being asked for. What was settled
 * is durable and in the destination's index, as is most of what was not when the work ends early.
 */
export class BlobTransfer {
  readonly #options: TransferOptions
  #wanted = new WantedBlobs()
  /** On their way. */
  #moving: WantedBlobs | undefined
  #running: Promise<void> = Promise.resolve()
  /** Why blobs could not be had, by type and id. */
  readonly #losses = new Map<string, string>()
  #isDoubtful = false
  #isReserved = false
  #settledBytes = 0
  blobsWanted = 0
  bytesWanted = 0
  blobsDone = 0
  bytesDone = 0
  bytesStored = 0

  constructor(options: TransferOptions) {
    this.#options = options
  }

  /** Stored bytes asked for since {@link BlobTransfer.settle}. */
  get unsettledBytes(): number {
    return this.bytesWanted - this.#settledBytes
  }

  /** Why the source has no such blob to give; undefined when nothing is known against it. */
  lossOf(type: BlobType, id: BlobId): string | undefined {
    return this.#losses.get(type + id)
  }

  /** The blob cannot be had: what needs it cannot be copied. */
  lose(type: BlobType, id: BlobId, reason: string): void {
    this.#isDoubtful = true
    this.#losses.set(type + id, reason)
  }

  /** Asks for a blob, unless the destination has it or will have it. */
  want(type: BlobType, id: BlobId): void {
    const { from, to } = this.#options
    if (to.index.has(type, id) || this.#wanted.has(type, id) || this.#moving?.has(type, id)) return
    if (this.#losses.has(type + id)) {
      this.#isDoubtful = true
      return
    }
    const location = from.index.find(type, id)
    if (location === undefined) return this.lose(type, id, `${type} blob ${shortId(id)} is in no index of the source`)
    this.#wanted.add(type, id, location)
    this.blobsWanted++
    this.bytesWanted += location.length
  }

  /** Waits until more may be asked for: memory is bounded by what two rounds want. @throws when a round failed */
  async room(): Promise<void> {
    if (!this.#wanted.isFull) return
    await this.#running
    if (this.#wanted.isFull) this.#start()
  }

  /**
   * Waits until everything asked for is durable and in the index of the destination.
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

  /** Waits for what is on its way, whatever becomes of it: nothing is running afterwards. */
  async ended(): Promise<void> {
    await Promise.allSettled([this.#running])
  }

  #start(): void {
    if (this.#wanted.size === 0) return
    this.#reserveOnce()
    const moving = this.#wanted
    this.#wanted = new WantedBlobs()
    this.#moving = moving
    this.#running = this.#move(moving).finally(() => (this.#moving = undefined))
    // Whoever waits next gets the error; until then it has been seen.
    this.#running.catch(() => undefined)
  }

  /** Room that is not used costs no memory, but a table that grows again and again is there twice meanwhile. */
  #reserveOnce(): void {
    if (this.#isReserved) return
    this.#isReserved = true
    this.#options.to.index.reserve(this.#options.from.index.size)
  }

  async #move(moving: WantedBlobs): Promise<void> {
    const { from, to, signal, compression = 'compress', packSizeBytes } = this.#options
    const done = await repack({
      from,
      to,
      packs: moving.packs(),
      compression,
      packSizeBytes,
      signal,
      onPack: ({ bytes, blobs }) => {
        this.bytesDone += bytes
        this.blobsDone += blobs
      },
      onDamaged: ({ type, id }, pack, reason) =>
        this.lose(type, id, `${type} blob ${shortId(id)} in pack ${shortId(pack)} is damaged: ${reason}`),
    })
    this.bytesStored += done.bytesStored
    await to.loadIndex(signal)
    for (const { type, id } of moving.blobs()) {
      if (to.index.has(type, id) || this.#losses.has(type + id)) continue
      this.lose(type, id, `${type} blob ${shortId(id)} was read, but is not in the index of the destination`)
    }
  }
}
