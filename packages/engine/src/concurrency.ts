/**
 * Runs `work` over `items` with at most `limit` running at a time; results in the order of the items. The first failure
 * stops new work from starting and is thrown when the running work has ended.
 */
export async function mapConcurrently<Item, Result>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const iterator = items[Symbol.iterator]()
  let next = 0
  let failure: { error: unknown } | undefined

  async function lane(): Promise<void> {
    for (;;) {
      if (failure) return
      const step = iterator.next()
      if (step.done) return
      const index = next++
      try {
        results[index] = await work(step.value, index)
      } catch (error) {
        failure ??= { error }
      }
    }
  }

  await Promise.all(Array.from({ length: Math.max(1, limit) }, lane))
  if (failure) throw failure.error
  return results
}

/** Lets at most `limit` holders in at a time, first come, first served. */
export class Semaphore {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#free = limit
  }

  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.acquire()
    try {
      return await work()
    } finally {
      this.release()
    }
  }
}
