import { SeededBytes } from './random.ts'

/** Reproducible prose of invented words, the frequent ones short; zstd stores it in about a third. */
export class SeededText {
  readonly #bytes: SeededBytes
  readonly #words: readonly Buffer[]

  constructor(seed: string) {
    this.#bytes = new SeededBytes(seed)
    this.#words = Array.from({ length: 4096 }, (_, rank) => this.#inventWord(2 + Math.floor(Math.log2(rank + 2))))
  }

  next(size: number): Buffer {
    const text = Buffer.allocUnsafe(size)
    let end = 0
    while (end < size) {
      const choices = this.#bytes.next(4096)
      for (let i = 0; i < choices.length && end < size; i += 4) {
        // The product of two even choices prefers low ranks, as language does.
        const rank = (choices.readUInt16LE(i) * choices.readUInt16LE(i + 2)) >>> 20
        end += this.#words[rank]!.copy(text, end)
      }
    }
    return text
  }

  #inventWord(length: number): Buffer {
    const letters = this.#bytes.next(length).map((byte) => 97 + (byte % 26))
    return Buffer.concat([letters, Buffer.from(length % 7 === 0 ? '.\n' : ' ')])
  }
}
