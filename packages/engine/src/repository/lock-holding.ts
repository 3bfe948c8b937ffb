import { FileMissingError } from '../backend/backend.ts'
import type { LockId } from '../ids.ts'
import { LockLostError } from './lock-error.ts'
import { type LockMode, removeLock, writeLock } from './lock-store.ts'
import { REFRESH_MS, STALE_AFTER_MS } from './lock-verdict.ts'
import type { Repository } from './repository.ts'

/** How often the clocks are looked at, so that a machine that slept notices before it does much. */
const POLL_MS = 1000
/** Without a refresh for so long the lock may soon be taken for stale: the operation must stop. */
const LOST_AFTER_MS = STALE_AFTER_MS - 7.5 * 60 * 1000

/** A lock that is held: refreshed every five minutes until it is disposed of. */
export interface Lock extends AsyncDisposable {
  readonly mode: LockMode
  /** Aborts with {@link LockLostError} when the lock can no longer be relied on. */
  readonly signal: AbortSignal
  /**
   * Looks whether it is still held, before a step that relies on everything since it was taken: waking from sleep, a
   * program has a moment before the signal aborts, and a lock that was removed shows only when it is refreshed.
   *
   * @throws {LockLostError} it is not
   */
  confirm(): Promise<void>
}

/** Keeps a lock that was just stored until it is disposed of. */
export function holdLock(repository: Repository, mode: LockMode, id: LockId): Lock {
  return new HeldLock(repository, mode, id)
}

class HeldLock implements Lock {
  readonly mode: LockMode
  readonly #repository: Repository
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  #current: LockId
  /** Older files of this lock that could not be removed yet. */
  #left: LockId[] = []
  #refreshed = now()
  #attempted = this.#refreshed
  #refreshing: Promise<void> | undefined

  constructor(repository: Repository, mode: LockMode, id: LockId) {
    this.mode = mode
    this.#repository = repository
    this.#current = id
    this.#timer = setInterval(() => this.#look(), POLL_MS)
    this.#timer.unref()
  }

  get signal(): AbortSignal {
    return this.#lost.signal
  }

  async confirm(): Promise<void> {
    this.#giveUpWhenLate(undefined)
    for (let checked: LockId | undefined; checked !== this.#current;) {
      this.signal.throwIfAborted()
      checked = this.#current
      await this.#requireStored(checked)
    }
    this.signal.throwIfAborted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#refreshing
    for (const id of [...this.#left, this.#current]) await removeLock(this.#repository, id)
  }

  #look(): void {
    if (this.signal.aborted || this.#giveUpWhenLate(undefined)) return
    if (this.#refreshing || elapsedSince(this.#attempted) < REFRESH_MS) return
    this.#attempted = now()
    this.#refreshing = this.#refresh()
      .catch((error: unknown) => void this.#giveUpWhenLate(error))
      .finally(() => (this.#refreshing = undefined))
  }

  /** A new file, then the old one goes. It has to be there before and after, or somebody believes us dead (§13). */
  async #refresh(): Promise<void> {
    await this.#requireStored(this.#current)
    if (this.signal.aborted) return
    const [startedAt, older] = [now(), this.#current]
    this.#current = await writeLock(this.#repository, this.mode)
    this.#left.push(older)
    // Others may have looked before the new file was there.
    if (this.#giveUpWhenLate(undefined)) return
    this.#refreshed = startedAt
    if (!(await removeLock(this.#repository, older))) this.#giveUp('was removed by somebody else', undefined)
    this.#left = this.#left.filter((id) => id !== older)
    for (const id of this.#left) {
      await removeLock(this.#repository, id)
      this.#left = this.#left.filter((other) => other !== id)
    }
  }

  /** Gives up when the newest file of this lock has gone. */
  async #requireStored(id: LockId): Promise<void> {
    try {
      await this.#repository.backend.size('lock', id)
    } catch (error) {
      if (!(error instanceof FileMissingError)) throw error
      // A refresh may have put another in its place.
      if (id === this.#current) this.#giveUp('was removed by somebody else', error)
    }
  }

  /** A lock that is this old is not refreshed: meanwhile another program may have removed it, and relied on that. */
  #giveUpWhenLate(cause: unknown): boolean {
    if (elapsedSince(this.#refreshed) < LOST_AFTER_MS) return false
    this.#giveUp('could not be refreshed in time, or the machine slept, or its clock was set', cause)
    return true
  }

  #giveUp(what: string, cause: unknown): void {
    const message = `the lock on ${this.#repository.backend.location} ${what}`
    const hint = 'the operation was stopped before it could do harm; run it again'
    this.#lost.abort(new LockLostError(message, { hint, cause }))
  }
}

interface Moment {
  readonly wallMs: number
  readonly steadyMs: number
}

function now(): Moment {
  return { wallMs: Date.now(), steadyMs: performance.now() }
}

/** By the clock that shows more: one stops while the machine sleeps, the other can be set back. */
function elapsedSince({ wallMs, steadyMs }: Moment): number {
  return Math.max(Date.now() - wallMs, performance.now() - steadyMs)
}
