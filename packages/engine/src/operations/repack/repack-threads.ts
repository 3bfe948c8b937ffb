import { availableParallelism } from 'node:os'
import { PACK_SIZE_LIMITS } from '../../pack/pack-builder.ts'
import type { RepackEvent, RepackResult, RepackTask, RepackWorkerData } from '../../workers/repack-protocol.ts'
import { WorkerPool, workerUrl } from '../../workers/worker-pool.ts'
import type { RepackerOptions } from './repack.ts'

const MOST_THREADS = 8

/** The threads of a repack, started when there is something to do. Ended, they are started anew when there is again. */
export class RepackThreads implements AsyncDisposable {
  readonly #options: RepackerOptions
  #pool: WorkerPool<RepackTask, RepackResult, RepackEvent> | undefined
  /** Takes the packs that are made. */
  onPack: (event: RepackEvent) => void = () => undefined

  constructor(options: RepackerOptions) {
    this.#options = options
  }

  get count(): number {
    return Math.min(availableParallelism(), MOST_THREADS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await pool?.[Symbol.asyncDispose]()
  }

  async run(task: RepackTask, transfer: ArrayBuffer[]): Promise<RepackResult> {
    return await (this.#pool ??= this.#start()).run(task, { transfer })
  }

  /** Has every thread hand over its unfinished packs, those of one type together so that they can be merged. */
  async flush(): Promise<void> {
    await this.#pool?.runOnEach({ kind: 'flush', type: 'data' })
    await this.#pool?.runOnEach({ kind: 'flush', type: 'tree' })
  }

  /** Gives up what no thread has begun. */
  dropQueued(reason: unknown): void {
    this.#pool?.dropQueued(reason)
  }

  #start(): WorkerPool<RepackTask, RepackResult, RepackEvent> {
    const { from, to, compression, packSizeBytes = PACK_SIZE_LIMITS.default } = this.#options
    const workerData: RepackWorkerData = {
      sourceKey: from.masterKey,
      targetKey: to.masterKey,
      targetVersion: to.config.version,
      compression,
      packSizeBytes,
    }
    return new WorkerPool({
      url: workerUrl('../../workers/repack-worker', import.meta.url),
      size: this.count,
      workerData,
      onEvent: (event) => this.onPack(event),
    })
  }
}
