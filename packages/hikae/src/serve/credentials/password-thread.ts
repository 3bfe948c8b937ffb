import { Worker } from 'node:worker_threads'
import { RefusedRequest } from '../refused-request.ts'

export interface PasswordQuestion {
  readonly id: number
  readonly password: string
  readonly hash: string
}

export interface PasswordVerdict {
  readonly id: number
  readonly matches: boolean
}

/** Questions that may wait. Each takes a tenth of a second: whoever guesses passwords gets no more of this machine. */
const LONGEST_QUEUE = 32

interface Waiting {
  readonly resolve: (matches: boolean) => void
  readonly reject: (error: Error) => void
}

/**
 * Compares passwords with bcrypt hashes in a thread of its own, one after the other, so that nobody who is known already
 * has to wait for those who are not.
 */
export class PasswordThread implements AsyncDisposable {
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0

  /** @throws {RefusedRequest} 429 when too many wait */
  async matches(password: string, hash: string): Promise<boolean> {
    if (this.#waiting.size >= LONGEST_QUEUE) {
      throw new RefusedRequest(429, 'too many logins at the same time', { headers: { 'retry-after': '5' } })
    }
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker ??= this.#start()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage({ id, password, hash } satisfies PasswordQuestion)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
    const worker = new Worker(new URL(`password-worker${extension}`, import.meta.url))
    worker.on('message', ({ id, matches }: PasswordVerdict) => {
      this.#waiting.get(id)?.resolve(matches)
      this.#waiting.delete(id)
    })
    worker.on('error', (error) => this.#fail(error as Error))
    worker.on('exit', () => this.#fail(new Error('the thread that compares passwords has ended')))
    return worker
  }

  /** Those who wait are refused; the next question starts another thread. */
  #fail(error: Error): void {
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
