import { setTimeout as sleep } from 'node:timers/promises'
import type { Finding } from '../../sources/finding.ts'
import { DockerError } from '../engine-error.ts'
import { type Claim, isLiving, readClaims, writeClaims } from './claims.ts'
import { type Asked, type ContainerCondition, conditionOf, isStill } from './container-condition.ts'
import { takeLock } from './container-lock.ts'
import type { Hold, Release } from './hold.ts'
import { type HeldContainer, type HoldRecord, writeRecord } from './hold-record.ts'
import { DONE, type Log, methodOfHeld, type QuiesceMethod } from './method.ts'
import { persistentEngine } from './persistent-engine.ts'
import { notForgotten, releaseFindings } from './release-findings.ts'
import { undoContainers, type UndoneContainer } from './undo-containers.ts'

/** An engine that cannot be reached is waited for so long. */
const PATIENCE_MS = 2 * 60_000
/** A run that holds a container longer than this will not soon be over. */
const LONGEST_WAIT_MS = 60 * 60_000
const LOOK_MS = 200

export interface RunningHoldOptions {
  readonly engine: Asked
  readonly method: QuiesceMethod
  readonly how: HeldContainer['how']
  /** With no containers yet. */
  readonly record: HoldRecord
  /** Where the record is written. */
  readonly folder: string
  /** Of containers, and claims on them. */
  readonly locks: string
  /** The lock of the record, given back when the containers have gone on. */
  readonly own: Disposable
  readonly log: Log
  /** Ends waiting for other runs. */
  readonly signal: AbortSignal
  /** State folder of a hold that lasts longer than this one: it is not waited for. */
  readonly heldWith?: string
}

/** A hold of this process, while it lasts. */
export class RunningHold implements Hold {
  readonly #options: RunningHoldOptions
  #record: HoldRecord
  readonly #begunAt = new Map<string, number>()
  #released: Promise<Release> | undefined
  #names: readonly string[] = []

  constructor(options: RunningHoldOptions) {
    this.#options = options
    this.#record = options.record
  }

  get containers(): readonly string[] {
    return this.#names
  }

  /**
   * Makes one more hold still, if it runs. One that another run has stopped stays so until both have let it go; one that
   * another run holds in another way is waited for.
   *
   * @throws {DockerError} it does not hold still, or only perhaps, or another run holds it for too long
   */
  async add(container: Pick<HeldContainer, 'id' | 'name'>): Promise<void> {
    const { log, signal } = this.#options
    const until = performance.now() + LONGEST_WAIT_MS
    let isTold = false
    while (!(await this.#addIfFree(container))) {
      if (!isTold) log(`waiting for the container ${container.name}, which another run of Hikae holds in another way`)
      isTold = true
      if (performance.now() >= until) throw heldTooLong(container.name)
      await sleep(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
    this.#names = this.#record.containers.map(({ name }) => name)
  }

  async release(): Promise<Release> {
    this.#released ??= this.#release()
    return await this.#released
  }

  async disturbances(): Promise<readonly Finding[]> {
    const findings: Finding[] = []
    for (const held of this.#record.containers) {
      if (held.how === 'exec') continue
      const now = await conditionOf(this.#options.engine, held.id, held.name)
      if (now && isStill(now, held)) continue
      const disturbance = now ? 'did not stay as it was' : 'was removed'
      findings.push(...releaseFindings({ held, undone: { isBack: false, disturbance } }))
    }
    return findings
  }

  async leave(): Promise<void> {
    if (this.#released) return void (await this.#released)
    // When they cannot be left, they can still be let go on.
    const left = await this.#leave()
    this.#released = Promise.resolve(left)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return void (await this.#released)
    for (const { message, hint } of (await this.release()).findings) {
      this.#options.log(hint === undefined ? message : `${message}; next: ${hint}`)
    }
  }

  /** @returns false when another run holds it in a way that does not suffice, or must not be disturbed */
  async #addIfFree({ id, name }: Pick<HeldContainer, 'id' | 'name'>): Promise<boolean> {
    const { engine, how, locks, log, signal } = this.#options
    using _lock = await takeLock(locks, id, { signal, onBusy: () => undefined })
    const claims = await readClaims(locks, id)
    const living = claims.filter(isLiving)
    const strange = living.filter((claim) => !suffices(claim, how))
    const ofJob = strange.find((claim) => claim.folder === this.#options.heldWith)
    if (ofJob) throw heldByJob(name, ofJob.how, this.#record.source)
    if (strange.length > 0) return false
    const now = await conditionOf(engine, id, name)
    const begun = now && beginningOf(now, living, claims)
    if (!begun) {
      if (now?.isPaused) log(`${name} is paused already, and is left as it is`)
      return true
    }
    const { startedAt, how: joined = how } = begun
    const held = { id, name, how: joined, startedAt, heldAt: new Date().toISOString(), stopSeconds: now.stopSeconds }
    await this.#hold(held, claims, now)
    return true
  }

  async #hold(held: HeldContainer, claims: readonly Claim[], now: ContainerCondition): Promise<void> {
    const { engine, method, how, folder, locks, log } = this.#options
    const { id, name, startedAt } = held
    await this.#write([...this.#record.containers, held])
    const claim: Claim = { hold: this.#record.id, folder, how: held.how, startedAt }
    await writeClaims(locks, id, [...claims, claim])
    this.#begunAt.set(id, performance.now())
    if (isStill(now, held)) return log(`the container ${name} is held by another run too`)
    log(`${method.doing} the container ${name}`)
    const begun = await (held.how === how ? method : methodOfHeld(held, this.#record, log)).begin(engine, held)
    if (begun === startedAt) return
    const others = this.#record.containers.filter((other) => other !== held)
    if (begun !== undefined) {
      await this.#write([...others, { ...held, startedAt: begun }])
      return await writeClaims(locks, id, [...claims, { ...claim, startedAt: begun }])
    }
    log(`the container ${name} had ended by itself`)
    await writeClaims(locks, id, claims)
    await this.#write(others)
  }

  async #release(): Promise<Release> {
    using _own = this.#options.own
    const { engine, locks, log } = this.#options
    const downtime: Record<string, number> = {}
    const onDone = ({ held, undone, error }: UndoneContainer): void => {
      const seconds = (performance.now() - this.#begunAt.get(held.id)!) / 1000
      downtime[held.name] = Math.round(seconds * 1000) / 1000
      if (undone?.isLeftToAnother) log(`the container ${held.name} stays as it is: another run holds it too`)
      else if (error === undefined) log(`the container ${held.name} ${DONE[held.how]} for ${seconds.toFixed(1)} s`)
    }
    const patient = persistentEngine(engine, PATIENCE_MS)
    const results = await undoContainers({ engine: patient, record: this.#record, locks, log, onDone })
    const findings = results.flatMap(releaseFindings)
    const left = results.filter(({ error }) => error !== undefined).map(({ held }) => held)
    try {
      await this.#write(left.toReversed())
    } catch (error) {
      findings.push(notForgotten(this.#options.folder, error))
    }
    const leftToAnother = results.filter(({ undone }) => undone?.isLeftToAnother).map(({ held }) => held.name)
    return { seconds: Math.max(0, ...Object.values(downtime)), downtime, leftToAnother, findings }
  }

  async #leave(): Promise<Release> {
    using _own = this.#options.own
    const { locks, signal } = this.#options
    const downtime: Record<string, number> = {}
    for (const { id, name } of this.#record.containers) {
      using _lock = await takeLock(locks, id, { signal, onBusy: () => undefined })
      const others = (await readClaims(locks, id)).filter(({ hold }) => hold !== this.#record.id)
      await writeClaims(locks, id, others)
      downtime[name] = (performance.now() - this.#begunAt.get(id)!) / 1000
    }
    await this.#write([])
    return { seconds: Math.max(0, ...Object.values(downtime)), downtime, leftToAnother: [], findings: [] }
  }

  async #write(containers: readonly HeldContainer[]): Promise<void> {
    this.#record = { ...this.#record, containers: [...containers] }
    await writeRecord(this.#options.folder, this.#record)
  }
}

/** What is stopped is paused too; two programs around a reading do not fit into each other. */
function suffices({ how: given }: Claim, wanted: HeldContainer['how']): boolean {
  return given === 'stop' || (given === 'pause' && wanted === 'pause')
}

type Beginning = Pick<HeldContainer, 'startedAt'> & Partial<Pick<HeldContainer, 'how'>>

/**
 * From which state a container is held, and how when not as it was asked for: as another run holds it, or as a killed one has
 * left it.
 *
 * @returns undefined when it does not run, and nobody holds it
 */
function beginningOf(
  now: ContainerCondition,
  living: readonly Claim[],
  claims: readonly Claim[],
): Beginning | undefined {
  const joined = living[0] ?? claims.find((claim) => isStill(now, claim))
  if (joined) return joined
  return now.isRunning && !now.isPaused ? { startedAt: now.startedAt } : undefined
}

function heldByJob(name: string, how: Claim['how'], source: string): DockerError {
  return new DockerError(
    `the container ${name} ${DONE[how]} for the whole job, and ${source} wants it to hold still in another way`,
    {
      hint: `take \`quiesce\` out of ${source}: what the job holds still needs no more`,
    },
  )
}

function heldTooLong(name: string): DockerError {
  return new DockerError(`another run of Hikae has held the container ${name} for an hour`, {
    hint: 'see with `hikae status` what runs; quiesce it in the same way everywhere, or at times that are further apart',
  })
}
