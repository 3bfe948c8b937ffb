import { setImmediate } from 'node:timers/promises'

interface Sleeper {
  readonly until: number
  readonly wake: () => void
}

/**
 * A clock that goes on only when it is told to. Between two moments at which somebody wakes, all that is ready is done,
 * as long as it is done without waiting for real things such as files.
 */
export class FakeClock {
  #now: number
  readonly #sleepers = new Set<Sleeper>()

  /** @param start as in `2026-11-21T02:00Z` */
  constructor(start: string | Date) {
    this.#now = new Date(start).getTime()
  }

  now(): Date {
    return new Date(this.#now)
  }

  /** Ends when the clock has come to `until` or is set, or at once when the signal is aborted; never throws. */
  async sleep(until: Date, signal: AbortSignal): Promise<void> {
    if (signal.aborted || until.getTime() <= this.#now) return
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { until: until.getTime(), wake }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  /** Time goes by: everybody who sleeps until then is woken at their moment, one moment after the other. */
  async passTo(end: string | Date): Promise<void> {
    const stop = new Date(end).getTime()
    await settled()
    for (let next = this.#nextWaking(stop); next !== undefined; next = this.#nextWaking(stop)) {
      this.#now = Math.max(next, this.#now)
      for (const { until, wake } of [...this.#sleepers]) if (until <= this.#now) wake()
      await settled()
    }
    this.#now = stop
  }

  /** Somebody sets the clock, or the machine slept: no time goes by, and everybody is woken to look at it again. */
  async setTo(time: string | Date): Promise<void> {
    await settled()
    this.#now = new Date(time).getTime()
    for (const { wake } of [...this.#sleepers]) wake()
    await settled()
  }

  #nextWaking(stop: number): number | undefined {
    const next = Math.min(...[...this.#sleepers].map(({ until }) => until))
    return next <= stop ? next : undefined
  }
}

/** Promises that follow from each other are all done before the next turn of the event loop. */
async function settled(): Promise<void> {
  await setImmediate()
  await setImmediate()
}
