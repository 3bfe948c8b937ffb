import type { OutputStream } from '../context.ts'

/** A few lines at the bottom of a terminal that are drawn again and again. */
export class StatusArea {
  readonly #stream: OutputStream
  #drawn = 0

  constructor(stream: OutputStream) {
    this.#stream = stream
  }

  /** Columns that a line may have; one is left so that no terminal wraps. */
  get width(): number {
    return Math.max(20, (this.#stream.columns ?? 80) - 1)
  }

  /** @param lines no wider than {@link StatusArea.width} */
  draw(lines: readonly string[]): void {
    this.#stream.write(this.#eraser() + lines.join('\n'))
    this.#drawn = lines.length
  }

  clear(): void {
    if (this.#drawn === 0) return
    this.#stream.write(this.#eraser())
    this.#drawn = 0
  }

  /** The cursor stands at the end of the last line. */
  #eraser(): string {
    if (this.#drawn === 0) return ''
    const up = this.#drawn > 1 ? `\x1b[${this.#drawn - 1}A` : ''
    return `\r${up}\x1b[J`
  }
}
