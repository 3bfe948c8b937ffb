import { OPENING } from '../../workers/restore-protocol.ts'
import { PART, type RestorePlan } from './plan.ts'

const STATE = { waiting: 0, begun: 1, done: 2, failed: 3 } as const

/** How far each planned file is, in columns. */
export class FileStates {
  readonly #plan: RestorePlan
  readonly #states: Uint8Array
  /** Needed parts that are not written yet. */
  readonly #pending: Uint32Array
  /** Needed parts at the beginning. */
  readonly #needed: Uint32Array
  readonly #wrongLength: Uint8Array
  readonly #damaged = new Set<number>()

  constructor(plan: RestorePlan) {
    const { count } = plan.files
    this.#plan = plan
    this.#states = new Uint8Array(count)
    this.#pending = new Uint32Array(count)
    this.#needed = new Uint32Array(count)
    this.#wrongLength = new Uint8Array(count)
    for (let file = 0; file < count; file++) this.recount(file)
  }

  /** Counts again what a file needs, after its plan has changed. */
  recount(file: number): void {
    const { files } = this.#plan
    let needed = 0
    for (let part = files.firstParts[file]!; part < files.firstParts[file + 1]!; part++) {
      if (files.state(part) === PART.needed) needed++
      if (files.state(part) === PART.missing) this.#damaged.add(file)
    }
    this.#needed[file] = needed
    this.#pending[file] = needed
  }

  setWrongLength(file: number): void {
    this.#wrongLength[file] = 1
  }

  hasWrongLength(file: number): boolean {
    return this.#wrongLength[file] === 1
  }

  /** Content or length is not what it should be. */
  isDifferent(file: number): boolean {
    const beginning = this.#plan.files.beginnings[file]
    if (beginning === OPENING.create || beginning === OPENING.replace) return true
    return this.#needed[file]! > 0 || this.#wrongLength[file] === 1
  }

  needed(file: number): number {
    return this.#needed[file]!
  }

  /** One blob is all that the file needs: it is made, filled and finished at once. */
  isWhole(file: number): boolean {
    return this.#needed[file] === 1 && !this.#damaged.has(file)
  }

  /** @returns whether that was the last one */
  partIsOver(file: number): boolean {
    return --this.#pending[file]! === 0
  }

  isWaiting(file: number): boolean {
    return this.#states[file] === STATE.waiting
  }

  isBegun(file: number): boolean {
    return this.#states[file] === STATE.begun
  }

  isDone(file: number): boolean {
    return this.#states[file] === STATE.done
  }

  hasFailed(file: number): boolean {
    return this.#states[file] === STATE.failed
  }

  begin(file: number): void {
    this.#states[file] = STATE.begun
  }

  finish(file: number): void {
    this.#states[file] = STATE.done
  }

  /** @returns whether it had begun */
  fail(file: number): boolean {
    const hadBegun = this.isBegun(file)
    this.#states[file] = STATE.failed
    return hadBegun
  }

  setDamaged(file: number): void {
    this.#damaged.add(file)
  }

  isDamaged(file: number): boolean {
    return this.#damaged.has(file)
  }
}
