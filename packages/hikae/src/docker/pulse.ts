import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import type { DockerError } from './engine-error.ts'

/** How often an engine that is silent is asked whether it is there, and how long it may take to say so. */
export const PULSE_MS = 45_000
/** An engine that is there and has not answered by then will not: something in it hangs. */
export const LONGEST_MS = 60 * 60_000

export interface PulseOptions {
  /** Asks the engine for nothing; resolves with whatever answer. */
  readonly ping: () => Promise<unknown>
  readonly everyMs: number
}

/** What is waited for, for messages. */
export interface Waiting {
  /** @param seconds of silence */
  readonly silent: (seconds: number) => DockerError
  readonly late: (seconds: number) => DockerError
  /** How long it may take while the engine shows that it is there. */
  readonly mostMs: number
}

/**
 * Tells an engine that takes its time from one that is frozen. Stopping a container, loading an image or waiting for whoever
 * reads from it may take long, and says nothing meanwhile: while an answer is awaited, the engine is asked now and then whether
 * it is there at all.
 */
export class Pulse {
  readonly #options: PulseOptions

  constructor(options: PulseOptions) {
    this.#options = options
  }

  /** @throws {DockerError} the engine is silent, or it takes too long */
  async whileAlive<T>(answer: Promise<T>, waiting: Waiting): Promise<T> {
    const over = new AbortController()
    try {
      return await Promise.race([answer, this.#watch(waiting, over.signal)])
    } finally {
      over.abort()
    }
  }

  /** Breaks a stream off with an error when nothing comes any more, and the engine is silent. */
  watch(stream: Readable, silent: Waiting['silent']): void {
    const over = new AbortController()
    const end = (): void => over.abort()
    stream.once('close', end).once('end', end)
    if (stream.destroyed || stream.readableEnded) end()
    void this.#watchStream(stream, silent, over.signal)
  }

  async #watch({ silent, late, mostMs }: Waiting, over: AbortSignal): Promise<never> {
    const began = performance.now()
    for (;;) {
      await pauseUntil(over, this.#options.everyMs)
      if (!over.aborted && !(await this.#isAlive(over))) throw silent(secondsSince(began))
      if (!over.aborted && performance.now() - began >= mostMs) throw late(secondsSince(began))
      if (over.aborted) return await never()
    }
  }

  async #watchStream(stream: Readable, silent: Waiting['silent'], over: AbortSignal): Promise<void> {
    let [seen, since] = [bytesOf(stream), performance.now()]
    for (;;) {
      await pauseUntil(over, this.#options.everyMs)
      if (over.aborted) return
      const now = bytesOf(stream)
      if (now === undefined || now !== seen) [seen, since] = [now, performance.now()]
      // Whoever reads it may be slow: that is not the engine's silence.
      if (await this.#isAlive(over)) continue
      if (over.aborted) return
      if (bytesOf(stream) === now) return void stream.destroy(silent(secondsSince(since)))
    }
  }

  async #isAlive(over: AbortSignal): Promise<boolean> {
    const { ping, everyMs } = this.#options
    const answered = ping().then(
      () => true,
      () => false,
    )
    const silence = pauseUntil(over, everyMs).then(() => false)
    return await Promise.race([answered, silence])
  }
}

async function pauseUntil(over: AbortSignal, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: over, ref: false }).catch(() => undefined)
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}

function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 1000)
}

/** How much has come over the connection of an answer; undefined where that is not counted. */
function bytesOf(stream: Readable): number | undefined {
  const { socket } = stream as Readable & { readonly socket?: { readonly bytesRead?: number } | null }
  return (socket ?? (stream as { readonly bytesRead?: number })).bytesRead
}
