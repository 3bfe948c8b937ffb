import type { Environment, OutputStream } from '../context.ts'
import { jsonText } from './printable.ts'
import { type Paint, paintFor } from './style.ts'

export interface OutputOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Environment
  readonly json: boolean
  readonly quiet: boolean
  /** 0, 1 (`-v`) or 2 (`-vv`). */
  readonly verbosity: number
}

/** Lines are gathered to blocks of this many characters. */
const BLOCK = 32 * 1024

/**
 * Everything a command prints. Results go to stdout; problems, progress and prompts to stderr. Lines that are printed in
 * one turn of the event loop are written together.
 */
export class Output {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbosity: number
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** For stdout. */
  readonly paint: Paint
  readonly paintError: Paint
  #pending = ''
  #flushScheduled = false
  /** Takes the progress display off the screen; it comes back with its next update. */
  #clearStatus: () => void = () => {}

  constructor(options: OutputOptions) {
    this.json = options.json
    this.quiet = options.quiet
    this.verbosity = options.verbosity
    this.stdout = options.stdout
    this.stderr = options.stderr
    this.paint = paintFor(options.stdout, options.env)
    this.paintError = paintFor(options.stderr, options.env)
  }

  /** A line of the result. */
  line(text = ''): void {
    this.part(`${text}\n`)
  }

  /** Part of a line of the result. */
  part(text: string): void {
    this.#pending += text
    if (this.#pending.length >= BLOCK) return this.flush()
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    setImmediate(() => this.flush())
  }

  /** What is good to know but not the result: left out with `--quiet` and `--json`. */
  note(text = ''): void {
    if (!this.quiet && !this.json) this.line(text)
  }

  /** What only those want to know who ask for more, with `-v`. */
  detail(text: string): void {
    if (this.verbosity > 0) this.note(text)
  }

  /** A result for programs: one line of JSON. */
  document(value: unknown): void {
    this.line(jsonText(value))
  }

  /** A problem, on stderr. With `--json` the object is printed instead of the text. */
  problem(text: string, json: object): void {
    this.flush()
    this.#clearStatus()
    this.stderr.write(this.json ? `${jsonText(json)}\n` : `${text}\n`)
  }

  /** Something to know that is neither the result nor a failure, on stderr. */
  warn(text: string): void {
    this.problem(`${this.paintError('yellow', 'warning:')} ${text}`, { message_type: 'warning', message: text })
  }

  /** Binary content; waits until the reader keeps up. */
  async bytes(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    this.flush()
    if (this.stdout.write(chunk)) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      this.stdout.once('drain', () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
    signal.throwIfAborted()
  }

  /** Writes what is still gathered. */
  flush(): void {
    this.#flushScheduled = false
    if (this.#pending === '') return
    this.#clearStatus()
    const text = this.#pending
    this.#pending = ''
    this.stdout.write(text)
  }

  /** Lets a progress display be taken away before lines are printed. */
  attachStatus(clear: () => void): void {
    this.#clearStatus = clear
  }

  detachStatus(): void {
    this.#clearStatus = () => {}
  }
}
