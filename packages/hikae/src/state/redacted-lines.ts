import { StringDecoder } from 'node:string_decoder'
import type { Redactor } from './redactor.ts'

/** Characters of a line that are kept; what no program means to be read is not kept whole. */
const LONGEST_LINE = 16 * 1024

/**
 * Lines of a program's output without secrets. Output comes in pieces that end anywhere, in the middle of a secret too, so
 * that nothing is given on before its line is whole. Memory is bounded: the end of an overlong line is left out, and the
 * line says so.
 */
export class RedactedLines {
  readonly #redactor: Redactor
  readonly #onLine: (line: string) => void
  readonly #decoder = new StringDecoder('utf8')
  #pending = ''
  /** Of the line that is pending, beyond what is kept. */
  #leftOut = 0

  constructor(redactor: Redactor, onLine: (line: string) => void) {
    this.#redactor = redactor
    this.#onLine = onLine
  }

  push(chunk: Uint8Array): void {
    const lines = this.#decoder.write(chunk).split('\n')
    for (const [index, text] of lines.entries()) {
      if (index > 0) this.#endLine()
      this.#append(text)
    }
  }

  /** There is no more: what is pending is a line too. */
  end(): void {
    this.#append(this.#decoder.end())
    if (this.#pending !== '') this.#endLine()
  }

  #append(text: string): void {
    const room = LONGEST_LINE + this.#redactor.longestForm - this.#pending.length
    this.#pending += text.slice(0, room)
    this.#leftOut += Math.max(0, text.length - room)
  }

  #endLine(): void {
    const line = this.#pending.replace(/\r$/, '')
    const leftOut = this.#leftOut + Math.max(0, line.length - LONGEST_LINE)
    this.#pending = ''
    this.#leftOut = 0
    this.#onLine(
      leftOut === 0
        ? this.#redactor.text(line)
        : `${this.#redactor.cut(line, LONGEST_LINE)} … (${leftOut} more characters were left out)`,
    )
  }
}
