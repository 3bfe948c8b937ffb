import type { Output } from './output.ts'
import { StatusArea } from './status-area.ts'

/** How the progress of an operation looks; `undefined` leaves a form out. */
export interface ProgressView<Progress> {
  /** One or two lines for a terminal. */
  readonly lines: (progress: Progress, width: number) => readonly string[]
  /** One line for a log. */
  readonly line: (progress: Progress) => string
  /** A `status` message. */
  readonly json?: (progress: Progress) => object
}

const JSON_INTERVAL_MS = 1000
/** A log gets a line every ten seconds of the first minute, then every minute. */
const LOG_INTERVAL_MS = 10_000
const LONG_LOG_INTERVAL_MS = 60_000

/**
 * Shows how far a long operation is: redrawn on a terminal, a line now and then in a log, messages with `--json`, nothing
 * with `--quiet`. Disposing of it takes it off the screen.
 */
export class ProgressReporter<Progress> implements Disposable {
  readonly #out: Output
  readonly #view: ProgressView<Progress>
  readonly #now: () => number
  readonly #area: StatusArea | undefined
  readonly #started: number
  #lastReport: number

  constructor(out: Output, view: ProgressView<Progress>, now: () => number = Date.now) {
    this.#out = out
    this.#view = view
    this.#now = now
    this.#started = now()
    this.#lastReport = out.json ? 0 : this.#started
    if (out.stderr.isTTY && !out.json && !out.quiet) {
      const area = new StatusArea(out.stderr)
      this.#area = area
      out.attachStatus(() => area.clear())
    }
  }

  /** Whether anybody sees the progress, so that it is worth to find out how much there is to do. */
  get isShown(): boolean {
    return this.#area !== undefined || this.#out.json
  }

  update(progress: Progress): void {
    if (this.#out.quiet) return
    if (this.#out.json) return this.#reportJson(progress)
    if (this.#area) return this.#draw(this.#area, progress)
    const now = this.#now()
    const interval = now - this.#started < LONG_LOG_INTERVAL_MS ? LOG_INTERVAL_MS : LONG_LOG_INTERVAL_MS
    if (now - this.#lastReport < interval) return
    this.#lastReport = now
    this.#out.flush()
    this.#out.stderr.write(`${this.#view.line(progress)}\n`)
  }

  #reportJson(progress: Progress): void {
    const now = this.#now()
    if (!this.#view.json || now - this.#lastReport < JSON_INTERVAL_MS) return
    this.#lastReport = now
    this.#out.document({ message_type: 'status', ...this.#view.json(progress) })
  }

  #draw(area: StatusArea, progress: Progress): void {
    this.#out.flush()
    area.draw(this.#view.lines(progress, area.width))
  }

  [Symbol.dispose](): void {
    this.#area?.clear()
    this.#out.detachStatus()
  }
}

/** Shows the progress of `work` while it runs. */
export async function withProgress<Progress, Result>(
  out: Output,
  view: ProgressView<Progress>,
  work: (progress: ProgressReporter<Progress>) => Promise<Result>,
): Promise<Result> {
  using progress = new ProgressReporter(out, view)
  return await work(progress)
}
