const INTERVAL_MS = 100

/** Shows how far an operation has come, ten times a second until it is disposed of, and then once more. */
export class ProgressTicker<Progress> implements Disposable {
  readonly #show: (() => void) | undefined
  readonly #timer: NodeJS.Timeout | undefined

  /** @param current makes a fresh object each time */
  constructor(onProgress: ((progress: Progress) => void) | undefined, current: () => Progress) {
    if (!onProgress) return
    this.#show = () => onProgress(current())
    this.#timer = setInterval(this.#show, INTERVAL_MS)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#show?.()
  }
}
