import { ID_BYTES, type PackId } from '../../ids.ts'
import type { BlobsTask } from '../../workers/restore-protocol.ts'
import type { BlobUses } from './blob-uses.ts'
import type { RestorePlan } from './plan.ts'

/** What a batch may hold. Sizes in bytes. */
export interface BatchLimits {
  /** From the first byte that is read to the last. */
  readonly span: number
  /** Between two blobs, in the pack. */
  readonly gap: number
}

/** A thread that reads packs itself takes what it needs and is done in a moment; there is always more to do. */
export const LOCAL_LIMITS: BatchLimits = { span: 4 * 1024 * 1024, gap: Infinity }
/** Requests cost more than bytes. */
export const REMOTE_LIMITS: BatchLimits = { span: 8 * 1024 * 1024, gap: 1024 * 1024 }

/** So that a batch ends soon, however often one blob is used. */
const MOST_WRITTEN_BYTES = 64 * 1024 * 1024
const MOST_USES = 4096

/** Blobs of one pack that are read together, and the uses that are served with them. */
export interface BlobBatch {
  readonly pack: PackId
  /** Bytes in the pack. */
  readonly start: number
  readonly end: number
  readonly blobs: readonly number[]
  /** For each blob the number of uses that follow. */
  readonly useCounts: readonly number[]
  /** Numbers in {@link BlobUses}. */
  readonly uses: readonly number[]
}

/** Batches in the order of packs and offsets. A use of which `isOpen` is false meanwhile is left out. */
export function* blobBatches(
  plan: RestorePlan,
  uses: BlobUses,
  limits: BatchLimits,
  isOpen: (file: number) => boolean,
): Generator<BlobBatch> {
  const { blobs } = plan
  for (const pack of uses.packs) {
    let batch = new Batch(blobs.pack(pack))
    for (const blob of uses.blobsOf(plan, pack)) {
      const start = blobs.offset(blob)
      const end = start + blobs.length(blob)
      if (!batch.fits(start, end, limits)) {
        yield batch
        batch = new Batch(blobs.pack(pack))
      }
      for (let use = uses.first[blob]!; use < uses.first[blob + 1]!; use++) {
        if (!isOpen(uses.files[use]!)) continue
        if (batch.isFull) {
          yield batch
          batch = new Batch(blobs.pack(pack))
        }
        batch.add(blob, start, end, use, blobs.plainLength(blob))
      }
    }
    if (batch.blobs.length > 0) yield batch
  }
}

class Batch implements BlobBatch {
  readonly pack: PackId
  readonly blobs: number[] = []
  readonly useCounts: number[] = []
  readonly uses: number[] = []
  start = 0
  end = 0
  #writtenBytes = 0

  constructor(pack: PackId) {
    this.pack = pack
  }

  get isFull(): boolean {
    return this.uses.length >= MOST_USES || this.#writtenBytes >= MOST_WRITTEN_BYTES
  }

  fits(start: number, end: number, { span, gap }: BatchLimits): boolean {
    return this.blobs.length === 0 || (end - this.start <= span && start - this.end <= gap)
  }

  add(blob: number, start: number, end: number, use: number, plainLength: number): void {
    if (this.blobs.length === 0) this.start = start
    if (this.blobs.at(-1) === blob) this.useCounts[this.useCounts.length - 1]!++
    else {
      this.blobs.push(blob)
      this.useCounts.push(1)
      this.end = Math.max(this.end, end)
    }
    this.uses.push(use)
    this.#writtenBytes += plainLength
  }
}

/** The batch as a thread gets it. @param howOf see {@link BlobsTask.how} */
export function taskOf(
  plan: RestorePlan,
  uses: BlobUses,
  batch: BlobBatch,
  source: BlobsTask['source'],
  howOf: (file: number) => number,
): BlobsTask {
  const blobs = new Uint32Array(batch.blobs.length * 4)
  const ids = new Uint8Array(batch.blobs.length * ID_BYTES)
  for (const [at, blob] of batch.blobs.entries()) {
    const { offset, length, uncompressedLength } = plan.blobs.location(blob)
    blobs.set([offset, length, uncompressedLength, batch.useCounts[at]!], at * 4)
    ids.set(plan.blobs.rawId(blob), at * ID_BYTES)
  }
  const places = new Float64Array(batch.uses.length * 2)
  const how = new Uint8Array(batch.uses.length)
  for (const [at, use] of batch.uses.entries()) {
    const file = uses.files[use]!
    places[2 * at] = plan.files.positions[file]!
    places[2 * at + 1] = uses.offsets[use]!
    how[at] = howOf(file)
  }
  return { kind: 'blobs', source, blobs, ids, uses: places, how }
}
