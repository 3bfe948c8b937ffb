import { InputError } from '../../errors.ts'

/** Gives up on storage that is silent altogether, and has no more say once it has answered. */
export class FirstAnswer implements Disposable {
  /** Aborts when `outer` does, and when there was no answer in time. */
  readonly signal: AbortSignal
  readonly #timer: NodeJS.Timeout | undefined

  /** @param withinMs without end when it is undefined */
  constructor(outer: AbortSignal, withinMs: number | undefined) {
    this.signal = outer
    if (withinMs === undefined) return
    const silence = new AbortController()
    this.#timer = setTimeout(() => silence.abort(noAnswer(withinMs)), withinMs)
    this.signal = AbortSignal.any([outer, silence.signal])
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

function noAnswer(withinMs: number): InputError {
  return new InputError(`it did not answer within ${Math.round(withinMs / 1000)} seconds`, {
    hint: 'check the connection and the server',
  })
}
