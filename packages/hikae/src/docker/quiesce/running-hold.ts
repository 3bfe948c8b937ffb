import type { Asked } from './container-condition.ts'
import type { Hold, Release } from './hold.ts'
import { type HeldContainer, type HoldRecord, writeRecord } from './hold-record.ts'
import type { Log, QuiesceMethod } from './method.ts'
import { persistentEngine } from './persistent-engine.ts'
import { notForgotten, releaseFindings } from './release-findings.ts'
import { undoContainers } from './undo-containers.ts'

/** An engine that cannot be reached is waited for so long. */
const PATIENCE_MS = 2 * 60_000

export interface RunningHoldOptions {
  readonly engine: Asked
  readonly method: QuiesceMethod
  /** With no containers yet. */
  readonly record: HoldRecord
  /** Where the record is written. */
  readonly folder: string
  readonly log: Log
}

/** A hold of this process, while it lasts. */
export class RunningHold implements Hold {
  readonly #options: RunningHoldOptions
  readonly #locks: Disposable
  #record: HoldRecord
  readonly #begunAt = new Map<string, number>()
  #released: Promise<Release> | undefined

  /** @param locks given back when the containers have gone on */
  constructor(options: RunningHoldOptions, locks: Disposable) {
    this.#options = options
    this.#locks = locks
    this.#record = options.record
  }

  get containers(): readonly string[] {
    return this.#record.containers.map(({ name }) => name)
  }

  /** Makes one more hold still. @throws {DockerError} it does not, or only perhaps */
  async add(container: Omit<HeldContainer, 'heldAt'>): Promise<void> {
    const { engine, method, log } = this.#options
    const held = { ...container, heldAt: new Date().toISOString() }
    await this.#write([...this.#record.containers, held])
    this.#begunAt.set(held.id, performance.now())
    log(`${method.doing} the container ${held.name}`)
    if (await method.begin(engine, held)) return
    log(`the container ${held.name} had ended by itself`)
    await this.#write(this.#record.containers.filter((other) => other !== held))
  }

  async release(): Promise<Release> {
    this.#released ??= this.#release()
    return await this.#released
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return void (await this.#released)
    for (const { message, hint } of (await this.release()).findings) {
      this.#options.log(hint === undefined ? message : `${message}; next: ${hint}`)
    }
  }

  async #release(): Promise<Release> {
    using _locks = this.#locks
    const { method, log } = this.#options
    const engine = persistentEngine(this.#options.engine, PATIENCE_MS)
    const downtime: Record<string, number> = {}
    const results = await undoContainers(engine, method, this.#record.containers, ({ held, error }) => {
      const seconds = (performance.now() - this.#begunAt.get(held.id)!) / 1000
      downtime[held.name] = Math.round(seconds * 1000) / 1000
      if (error === undefined) log(`the container ${held.name} ${method.done} for ${seconds.toFixed(1)} s`)
    })
    const findings = results.flatMap((result) => releaseFindings(result, method))
    const left = results.filter(({ error }) => error !== undefined).map(({ held }) => held)
    try {
      await this.#write(left.toReversed())
    } catch (error) {
      findings.push(notForgotten(this.#options.folder, error))
    }
    return { seconds: Math.max(0, ...Object.values(downtime)), downtime, findings }
  }

  async #write(containers: readonly HeldContainer[]): Promise<void> {
    this.#record = { ...this.#record, containers: [...containers] }
    await writeRecord(this.#options.folder, this.#record)
  }
}
