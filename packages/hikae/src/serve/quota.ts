import { RefusedRequest } from './refused-request.ts'

/** Others (a prune in the folder itself) free space too: before an upload is refused, the files are counted again. */
const COUNT_AGAIN_MS = 60_000

/** Space for one upload. Disposing of it gives back what was not kept. */
export interface Reservation extends Disposable {
  /** @throws {RefusedRequest} 507: the quota is used up; nothing was reserved */
  grow(bytes: number): Promise<void>
  /** The upload is stored. */
  keep(): void
}

/** How much all repositories together may hold. Uploads under way count as if they were stored. */
export class Quota {
  readonly maxBytes: number
  readonly #count: () => Promise<number>
  #stored: number
  #reserved = 0
  #countedAt = Date.now()
  #counting: Promise<void> | undefined
  /** Stored while files are counted: these may have been missed. */
  #storedMeanwhile = 0

  private constructor(maxBytes: number, count: () => Promise<number>, stored: number) {
    this.maxBytes = maxBytes
    this.#count = count
    this.#stored = stored
  }

  /** @param count adds up the bytes of what is stored */
  static async open(maxBytes: number, count: () => Promise<number>): Promise<Quota> {
    return new Quota(maxBytes, count, await count())
  }

  /** Bytes, with uploads under way. */
  get usedBytes(): number {
    return this.#stored + this.#reserved
  }

  reservation(): Reservation {
    let bytes = 0
    return {
      grow: async (more) => {
        await this.#reserve(more)
        bytes += more
      },
      keep: () => {
        this.#reserved -= bytes
        this.#stored += bytes
        this.#storedMeanwhile += bytes
        bytes = 0
      },
      [Symbol.dispose]: () => {
        this.#reserved -= bytes
        bytes = 0
      },
    }
  }

  removed(bytes: number): void {
    // Also while files are counted, which may then count them still: rather too much than too little.
    this.#stored -= bytes
  }

  async #reserve(bytes: number): Promise<void> {
    if (!this.#fits(bytes) && Date.now() - this.#countedAt > COUNT_AGAIN_MS) await this.countAgain()
    if (!this.#fits(bytes)) {
      throw new RefusedRequest(507, `the quota of ${this.maxBytes} bytes is used up: forget and prune on the server`)
    }
    this.#reserved += bytes
  }

  #fits(bytes: number): boolean {
    return this.usedBytes + bytes <= this.maxBytes
  }

  /** What is stored while this counts is added, and so may count twice until the next time: never too little. */
  async countAgain(): Promise<void> {
    this.#counting ??= this.#countNow().finally(() => (this.#counting = undefined))
    await this.#counting
  }

  async #countNow(): Promise<void> {
    this.#storedMeanwhile = 0
    const counted = await this.#count()
    this.#stored = counted + this.#storedMeanwhile
    this.#countedAt = Date.now()
  }
}
