import type { Clock } from './clock.ts'

export interface QuietOptions {
  readonly clock: Clock
  /** How long nothing may happen. */
  readonly settleMs: number
  /** What never becomes quiet is answered so long after its first event. */
  readonly atMostMs: number
  /** Events while it runs are answered by another call. */
  readonly onQuiet: () => Promise<void>
}

/** Answers many events by one call, when they are over. Disposing of it forgets the events that have no answer yet. */
export class Quiet implements AsyncDisposable {
  readonly #options: QuietOptions
  readonly #stop = new AbortController()
  #first: number | undefined
  #last = 0
  #running: Promise<void> | undefined

  constructor(options: QuietOptions) {
    this.#options = options
  }

  /** Something has happened. */
  touch(): void {
    if (this.#stop.signal.aborted) return
    this.#last = this.#options.clock.now().getTime()
    this.#first ??= this.#last
    this.#running ??= this.#answer().finally(() => (this.#running = undefined))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #answer(): Promise<void> {
    const { clock, settleMs, atMostMs, onQuiet } = this.#options
    const { signal } = this.#stop
    while (this.#first !== undefined && !signal.aborted) {
      const now = clock.now().getTime()
      // A clock that was set back would make it wait for long.
      this.#last = Math.min(this.#last, now)
      this.#first = Math.min(this.#first, now)
      const end = Math.min(this.#last + settleMs, this.#first + atMostMs)
      if (now < end) {
        await clock.sleep(new Date(end), signal)
        continue
      }
      this.#first = undefined
      await onQuiet()
    }
  }
}
