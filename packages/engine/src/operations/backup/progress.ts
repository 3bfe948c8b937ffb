import type { BackupProgress } from './report.ts'

const INTERVAL_MS = 100
/** Rates and remaining time follow the last seconds rather than the whole run. */
const RATE_WINDOW_MS = 10_000

/** What a backup counts while it runs. */
export interface BackupCounters {
  filesNew: number
  filesChanged: number
  filesUnmodified: number
  dirsNew: number
  dirsChanged: number
  dirsUnmodified: number
  filesDone: number
  /** Content of finished and unfinished files, read or known to be unchanged. */
  bytesDone: number
  bytesUnchanged: number
  errors: number
}

/** Reports the counters ten times a second until it is disposed of, and then once more. */
export class ProgressReporter implements Disposable {
  readonly counters: BackupCounters = {
    filesNew: 0,
    filesChanged: 0,
    filesUnmodified: 0,
    dirsNew: 0,
    dirsChanged: 0,
    dirsUnmodified: 0,
    filesDone: 0,
    bytesDone: 0,
    bytesUnchanged: 0,
    errors: 0,
  }
  currentFile: string | undefined
  #totals: { files: number; bytes: number; isFinal: boolean } | undefined
  readonly #startedAt = performance.now()
  readonly #onProgress: ((progress: BackupProgress) => void) | undefined
  readonly #timer: NodeJS.Timeout | undefined
  readonly #samples: { at: number; bytes: number }[] = []

  constructor(onProgress: ((progress: BackupProgress) => void) | undefined) {
    this.#onProgress = onProgress
    if (onProgress) this.#timer = setInterval(() => onProgress(this.snapshot()), INTERVAL_MS)
  }

  /** What is known of the whole; a final count is not replaced by an estimate. */
  setTotals(files: number, bytes: number, options: { isFinal: boolean }): void {
    if (!this.#totals?.isFinal) this.#totals = { files, bytes, ...options }
  }

  get secondsElapsed(): number {
    return (performance.now() - this.#startedAt) / 1000
  }

  snapshot(): BackupProgress {
    const { filesDone, bytesDone, errors } = this.counters
    const bytesPerSecond = this.#rate(bytesDone)
    const totals = this.#totals && this.#totals.bytes >= bytesDone ? this.#totals : undefined
    const left = totals && bytesPerSecond > 0 ? (totals.bytes - bytesDone) / bytesPerSecond : undefined
    return {
      filesDone,
      bytesDone,
      ...(totals ? { totalFiles: Math.max(totals.files, filesDone), totalBytes: totals.bytes } : {}),
      totalIsFinal: this.#totals?.isFinal ?? false,
      currentFiles: this.currentFile === undefined ? [] : [this.currentFile],
      errors,
      secondsElapsed: this.secondsElapsed,
      ...(left === undefined ? {} : { secondsRemaining: left }),
      bytesPerSecond,
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#onProgress?.(this.snapshot())
  }

  #rate(bytesDone: number): number {
    const now = performance.now()
    this.#samples.push({ at: now, bytes: bytesDone })
    while (this.#samples.length > 2 && this.#samples[0]!.at < now - RATE_WINDOW_MS) this.#samples.shift()
    const oldest = this.#samples.length > 1 ? this.#samples[0]! : { at: this.#startedAt, bytes: 0 }
    return now > oldest.at ? ((bytesDone - oldest.bytes) / (now - oldest.at)) * 1000 : 0
  }
}
