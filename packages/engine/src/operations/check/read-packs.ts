import { availableParallelism } from 'node:os'
import { mapConcurrently } from '../../concurrency.ts'
import { type PackId, shortId } from '../../ids.ts'
import type { BlobIndex } from '../../index/blob-index.ts'
import type { PackedBlob } from '../../pack/blob.ts'
import { blobAt, type BlobColumns, blobsInColumns } from '../../pack/blob-columns.ts'
import type { Repository } from '../../repository/repository.ts'
import type { CheckResult, CheckTask, CheckWorkerData } from '../../workers/check-protocol.ts'
import { WorkerPool, workerUrl } from '../../workers/worker-pool.ts'
import type { StoredPack } from './check-packs.ts'
import type { Findings } from './findings.ts'
import { isUnreadable, kindOfUnreadable } from './unreadable.ts'

const MOST_THREADS = 8
/** Packs that were fetched and wait to be proven, together: bytes. */
const FETCHED_BYTES = 256 * 1024 * 1024

/** A pack of which something cannot be used. */
export interface DamagedPack {
  readonly id: PackId
  readonly blobs: readonly PackedBlob[]
  /** The storage does not give it: its content may be whole. */
  readonly isRefused: boolean
}

export interface PackRead extends StoredPack {
  readonly isWhole: boolean
}

export interface PackReading {
  readonly repository: Repository
  readonly index: BlobIndex
  readonly packs: readonly StoredPack[]
  readonly findings: Findings
  readonly signal?: AbortSignal | undefined
  /** Told of every pack when it is done. */
  readonly onPack: (pack: PackRead) => void
}

/** Reads packs whole and proves them in worker threads; one that fails is read a second time (§17.5). */
export async function readPacks(reading: PackReading): Promise<DamagedPack[]> {
  const { repository, index, packs } = reading
  if (packs.length === 0) return []
  const sizes = new Map(packs.map(({ id, size }) => [id, size]))
  const workerData: CheckWorkerData = { masterKey: repository.masterKey }
  const size = Math.min(availableParallelism(), MOST_THREADS, packs.length)
  await using pool = new WorkerPool<CheckTask, CheckResult>({
    url: workerUrl('../../workers/check-worker', import.meta.url),
    size,
    workerData,
  })
  const { starts, rows } = index.rowsByPack()
  const chosen = index.packIds.entries().filter(([, id]) => sizes.has(id))
  const damaged: DamagedPack[] = []
  await mapConcurrently(chosen, packsAtOnce(reading, pool.size), async ([number, id]) => {
    const blobs = rows.subarray(starts[number], starts[number + 1])
    const damage = await new PackCheck(reading, pool, { id, size: sizes.get(id)! }, blobs).run()
    if (damage) damaged.push(damage)
    reading.onPack({ id, size: sizes.get(id)!, isWhole: damage === undefined })
  })
  return damaged
}

function packsAtOnce({ repository: { backend }, packs }: PackReading, threads: number): number {
  // One pack for each thread to work on, and one to begin with at once.
  if (backend.localPath) return threads * 2
  const largest = packs.reduce((most, { size }) => Math.max(most, size), 1)
  return Math.max(1, Math.min(backend.connections, Math.floor(FETCHED_BYTES / largest)))
}

class PackCheck {
  readonly #reading: PackReading
  readonly #pool: WorkerPool<CheckTask, CheckResult>
  readonly #pack: StoredPack
  /** Of the index. */
  readonly #rows: Uint32Array

  constructor(reading: PackReading, pool: WorkerPool<CheckTask, CheckResult>, pack: StoredPack, rows: Uint32Array) {
    this.#reading = reading
    this.#pool = pool
    this.#pack = pack
    this.#rows = rows
  }

  async run(): Promise<DamagedPack | undefined> {
    const first = await this.#verify()
    if (first.problems.length === 0) return undefined
    const second = await this.#verify()
    const { id } = this.#pack
    const { errors, hints } = this.#reading.findings
    if (second.problems.length === 0) {
      const message = `pack ${shortId(id)} was read wrongly once and rightly the second time (${first.problems[0]}): test memory, disk and cables`
      hints.add({ kind: 'pack-read-twice', message, pack: id })
      return undefined
    }
    const columns = this.#columns()
    const damage = `${second.damagedBlobs.length} of ${blobsInColumns(columns)} blobs cannot be used`
    const blobs = second.damagedBlobs.map((at) => blobAt(columns, at))
    const isRefused = second.isRefused === true
    const state = isRefused ? 'cannot be read' : 'is damaged'
    const message = `pack ${shortId(id)} ${state}, ${damage}: ${second.problems.join('; ')}`
    errors.add({ kind: isRefused ? 'storage-failed' : 'pack-damaged', message, pack: id })
    return { id, blobs, isRefused }
  }

  async #verify(): Promise<CheckResult> {
    this.#reading.signal?.throwIfAborted()
    const { backend } = this.#reading.repository
    const { id, size } = this.#pack
    const path = backend.localPath?.('pack', id)
    if (path !== undefined) return await this.#prove({ path })
    try {
      const signal = this.#reading.signal
      const content = await backend.read('pack', id, { length: size, ...(signal ? { signal } : {}) })
      return await this.#prove({ content })
    } catch (error) {
      if (!isUnreadable(error)) throw error
      const isRefused = kindOfUnreadable(error, 'pack-damaged') === 'storage-failed'
      const damagedBlobs = Array.from({ length: blobsInColumns(this.#columns()) }, (_, at) => at)
      return { problems: [error.message], damagedBlobs, bytesRead: 0, isRefused }
    }
  }

  async #prove(source: CheckTask['source']): Promise<CheckResult> {
    const blobs = this.#columns()
    const transfer = [blobs.ids.buffer, blobs.numbers.buffer]
    if ('content' in source) transfer.push(source.content.buffer as ArrayBuffer)
    return await this.#pool.run({ pack: this.#pack.id, size: this.#pack.size, source, blobs }, { transfer })
  }

  /** Made when needed: they go to the thread, and those of all packs would be as large as the index. */
  #columns(): BlobColumns {
    return this.#reading.index.columnsOf(this.#rows)
  }
}
