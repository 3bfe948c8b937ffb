import { setImmediate } from 'node:timers/promises'

const LONGEST_STRETCH_MS = 5
const CHECK_EVERY = 16

/** Lets a long synchronous stretch of work give way to messages, timers and signals now and then. */
export class Pace {
  #count = 0
  #since = performance.now()

  /** Whether it is time for {@link Pace.rest}. */
  get isTired(): boolean {
    return ++this.#count % CHECK_EVERY === 0 && performance.now() - this.#since > LONGEST_STRETCH_MS
  }

  async rest(): Promise<void> {
    await setImmediate()
    this.#since = performance.now()
  }
}
