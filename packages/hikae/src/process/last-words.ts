import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** In messages. */
const LAST_WORDS = 500

/** The end of what a program says on standard error, which is read so that it never has to wait. */
export class LastWords {
  readonly #lines: ReturnType<typeof createInterface>
  #text = ''

  constructor(stream: Readable, tell: ((line: string) => void) | undefined) {
    this.#lines = createInterface({ input: stream })
    this.#lines.on('line', (line) => {
      this.#text = `${this.#text}${line}\n`.slice(-LAST_WORDS)
      tell?.(line)
    })
  }

  get text(): string {
    return this.#text.trim()
  }

  close(): void {
    this.#lines.close()
  }
}
