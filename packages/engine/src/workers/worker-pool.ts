import { Worker } from 'node:worker_threads'
import { reviveError, type ThreadError } from './thread-error.ts'

type FromWorker<Result, Event> =
  | { kind: 'result'; task: number; result: Result }
  | { kind: 'event'; task: number | undefined; event: Event }
  | { kind: 'failure'; task: number; error: ThreadError }

interface Pending<Result, Event> {
  resolve(result: Result): void
  reject(error: unknown): void
  onEvent?: ((event: Event) => void) | undefined
}

export interface PoolOptions<Event> {
  readonly url: URL
  readonly size: number
  readonly workerData: unknown
  /**
   * Tasks given to a thread at a time, 1 by default. With 2 the next one lies ready when one is done, however busy this
   * thread is: for short tasks.
   */
  readonly depth?: number
  /** Events that belong to no task. */
  readonly onEvent?: (event: Event, worker: number) => void
}

/** What a worker handles lies outside of the JavaScript heap: a small one is collected before it has grown. */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 8 }

/**
 * Threads that each run one task after the other, in the order given. A thread starts when there is a task that no other
 * is free for. One that dies fails its task and every later one: nothing that was promised is forgotten.
 */
export class WorkerPool<Task, Result, Event = never> implements AsyncDisposable {
  readonly size: number
  readonly #options: PoolOptions<Event>
  /** By number; absent where the thread has not started. */
  readonly #workers: (Worker | undefined)[]
  readonly #ends: Promise<unknown>[] = []
  readonly #depth: number
  /** What each thread has been given, in the order in which it does it. */
  readonly #pending: readonly Map<number, Pending<Result, Event>>[]
  /** For threads that start later. */
  readonly #notices: unknown[] = []
  readonly #queue: { task: Task; transfer: ArrayBuffer[]; pending: Pending<Result, Event> }[] = []
  #lastTask = 0
  #death: Error | undefined
  #closing = false

  constructor(options: PoolOptions<Event>) {
    this.#options = options
    this.size = options.size
    this.#depth = options.depth ?? 1
    this.#workers = Array.from({ length: options.size })
    this.#pending = Array.from({ length: options.size }, () => new Map())
  }

  /** Tasks that no thread has been given yet. */
  get queued(): number {
    return this.#queue.length
  }

  /** Whether a task would start at once. */
  get hasIdle(): boolean {
    return this.#pending.some(({ size }) => size === 0)
  }

  /**
   * @param options.first run it before the tasks that wait
   * @param options.transfer buffers that move to the thread and are gone here
   */
  run(
    task: Task,
    options: { first?: boolean; transfer?: ArrayBuffer[]; onEvent?: (event: Event) => void } = {},
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#death) {
        reject(this.#death)
        return
      }
      const waiting = {
        task,
        transfer: options.transfer ?? [],
        pending: { resolve, reject, onEvent: options.onEvent },
      }
      if (options.first) this.#queue.unshift(waiting)
      else this.#queue.push(waiting)
      this.#dispatch()
    })
  }

  /** Runs the task once on every thread that has ever had one, after what it has been given. */
  async runOnEach(task: Task): Promise<Result[]> {
    return await Promise.all(
      this.#started().map(
        ([number, worker]) =>
          new Promise<Result>((resolve, reject) => {
            if (this.#death) reject(this.#death)
            else this.#give(number, worker, task, [], { resolve, reject })
          }),
      ),
    )
  }

  /** Gives up what no thread has begun. */
  dropQueued(reason: unknown): void {
    for (const { pending } of this.#queue.splice(0)) pending.reject(reason)
  }

  /** Tells every thread, also those that start later, something that is not a task. */
  notifyAll(notice: unknown): void {
    this.#notices.push(notice)
    for (const [, worker] of this.#started()) worker.postMessage({ kind: 'notice', notice }, [])
  }

  /** Tells one thread, which has had a task, something that is not a task. */
  notify(worker: number, notice: unknown, transfer: ArrayBuffer[] = []): void {
    this.#workers[worker]!.postMessage({ kind: 'notice', notice }, transfer)
  }

  /**
   * Drops what no thread has begun and waits for what runs: a thread that is ended while it loads native code, or is in
   * it, takes the whole process with it.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true
    this.#queue.length = 0
    for (const [, worker] of this.#started()) worker.postMessage({ kind: 'stop' }, [])
    await Promise.all(this.#ends)
  }

  #dispatch(): void {
    for (let worker = this.#leastBusy(); worker !== undefined; worker = this.#leastBusy()) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#give(worker, (this.#workers[worker] ??= this.#start(worker)), next.task, next.transfer, next.pending)
    }
  }

  #started(): [number, Worker][] {
    return [...this.#workers.entries()].filter((entry): entry is [number, Worker] => entry[1] !== undefined)
  }

  #start(number: number): Worker {
    const { url, workerData } = this.#options
    const worker = new Worker(url, { workerData, resourceLimits: WORKER_LIMITS })
    worker.on('message', (message: FromWorker<Result, Event>) => this.#receive(number, message))
    worker.on('error', (error) => this.#die(error as Error))
    worker.on('exit', (code) => this.#die(new Error(`a worker thread ended with code ${code}`)))
    this.#ends.push(new Promise((resolve) => worker.once('exit', resolve)))
    for (const notice of this.#notices) worker.postMessage({ kind: 'notice', notice }, [])
    return worker
  }

  #leastBusy(): number | undefined {
    let best: number | undefined
    for (const [worker, { size }] of this.#pending.entries()) {
      if (size < this.#depth && (best === undefined || size < this.#pending[best]!.size)) best = worker
    }
    return best
  }

  #give(number: number, worker: Worker, task: Task, transfer: ArrayBuffer[], pending: Pending<Result, Event>): void {
    const taskNumber = ++this.#lastTask
    this.#pending[number]!.set(taskNumber, pending)
    worker.postMessage({ kind: 'task', number: taskNumber, task }, transfer)
  }

  #receive(worker: number, message: FromWorker<Result, Event>): void {
    if (message.kind === 'event' && message.task === undefined) {
      this.#options.onEvent?.(message.event, worker)
      return
    }
    const pending = this.#pending[worker]!.get(message.task!)
    if (message.kind === 'event') {
      pending?.onEvent?.(message.event)
      return
    }
    this.#pending[worker]!.delete(message.task)
    if (!this.#closing) this.#dispatch()
    if (message.kind === 'result') pending?.resolve(message.result)
    else pending?.reject(reviveError(message.error))
  }

  #die(error: Error): void {
    if (this.#closing || this.#death) return
    this.#death = error
    for (const given of this.#pending) for (const pending of given.values()) pending.reject(error)
    for (const { pending } of this.#queue) pending.reject(error)
    this.#queue.length = 0
  }
}

/** The file of a worker beside `importer`, in the form (source or built) that is running. */
export function workerUrl(name: string, importer: string): URL {
  return new URL(`${name}${importer.endsWith('.ts') ? '.ts' : '.js'}`, importer)
}
