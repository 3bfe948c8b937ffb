interface Running<Result> {
  readonly result: Promise<Result>
  readonly stop: AbortController
  waiting: number
}

/** Work that is done once for all who want its result at the same time. */
export class SharedWork<Result> {
  readonly #running = new Map<string, Running<Result>>()
  readonly #ending = new Set<Promise<unknown>>()

  /**
   * Waits for the work named `key`, and starts it if nobody else has. It is stopped when nobody waits for it any more.
   *
   * @throws the reason of the caller's own `signal`, or what the work throws
   */
  async run(key: string, work: (signal: AbortSignal) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted()
    const running = this.#running.get(key) ?? this.#start(key, work)
    running.waiting++
    try {
      return await unlessAborted(running.result, signal)
    } finally {
      if (--running.waiting === 0 && this.#running.get(key) === running) {
        this.#running.delete(key)
        running.stop.abort(signal?.reason)
      }
    }
  }

  /** Resolves when nothing runs, also nothing that was stopped. */
  async ended(): Promise<void> {
    await Promise.all(this.#ending)
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<Result>): Running<Result> {
    const stop = new AbortController()
    const result = work(stop.signal)
    const running = { result, stop, waiting: 0 }
    this.#running.set(key, running)
    // Whoever waits for the result sees the failure.
    const ending: Promise<unknown> = Promise.allSettled([result]).then(() => this.#ending.delete(ending))
    this.#ending.add(ending)
    return running
  }
}

async function unlessAborted<Result>(result: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (!signal) return await result
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([result, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
