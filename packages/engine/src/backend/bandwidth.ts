import { setTimeout } from 'node:timers/promises'

/** Bytes per second that all connections to one repository may use together; absent means no limit. */
export interface BandwidthLimits {
  readonly uploadBytesPerSecond?: number
  readonly downloadBytesPerSecond?: number
}

export interface BandwidthClock {
  /** Milliseconds of any steady clock. */
  readonly now: () => number
  /** Waits; rejects with the signal's reason when it aborts first. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>
}

/** Transports ask for permission for at most so many bytes at a time, so that a limited connection flows evenly. */
export const BANDWIDTH_CHUNK_BYTES = 64 * 1024

const STEADY_CLOCK: BandwidthClock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await setTimeout(ms, undefined, signal && { signal })
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  },
}

/**
 * How fast the transports of one repository may be. A transport calls {@link Bandwidth.send} before it sends bytes and
 * {@link Bandwidth.receive} after it received some; both return when the bytes are within the limit.
 */
export class Bandwidth {
  readonly #upload: Lane
  readonly #download: Lane

  constructor(limits: BandwidthLimits, clock: BandwidthClock = STEADY_CLOCK) {
    this.#upload = new Lane(limits.uploadBytesPerSecond, clock)
    this.#download = new Lane(limits.downloadBytesPerSecond, clock)
  }

  get limitsUpload(): boolean {
    return this.#upload.isLimited
  }

  get limitsDownload(): boolean {
    return this.#download.isLimited
  }

  async send(bytes: number, signal?: AbortSignal): Promise<void> {
    await this.#upload.take(bytes, signal)
  }

  async receive(bytes: number, signal?: AbortSignal): Promise<void> {
    await this.#download.take(bytes, signal)
  }
}

/** One direction: everybody who takes bytes is given the next free stretch of time, in the order of asking. */
class Lane {
  readonly #bytesPerMs: number | undefined
  readonly #clock: BandwidthClock
  #freeAt = Number.NEGATIVE_INFINITY

  constructor(bytesPerSecond: number | undefined, clock: BandwidthClock) {
    this.#bytesPerMs = bytesPerSecond === undefined ? undefined : bytesPerSecond / 1000
    this.#clock = clock
  }

  get isLimited(): boolean {
    return this.#bytesPerMs !== undefined
  }

  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bytesPerMs === undefined) return
    const now = this.#clock.now()
    const from = Math.max(now, this.#freeAt)
    this.#freeAt = from + bytes / this.#bytesPerMs
    if (from > now) await this.#clock.sleep(from - now, signal)
  }
}
