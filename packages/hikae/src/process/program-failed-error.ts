import { ProgramError } from '../errors.ts'

/** A program of somebody else's did not do what it was asked. */
export class ProgramFailedError extends ProgramError {
  override readonly name = 'ProgramFailedError'
  readonly code = 'PROGRAM_FAILED'
  /** Null when it was ended by a signal or could not be started. */
  readonly exitCode: number | null

  constructor(message: string, options: { exitCode: number | null; hint: string; cause?: unknown }) {
    super(message, options)
    this.exitCode = options.exitCode
  }
}

/** @param program with where it runs, when that is not this host */
export function tookTooLong(program: string, timeoutMs: number): ProgramFailedError {
  return new ProgramFailedError(`${program} took longer than ${Math.round(timeoutMs / 1000)} s and was stopped`, {
    exitCode: null,
    hint: 'run the same command by hand to see what it waits for, or allow it more time',
  })
}

/** @param words the last of what it printed on standard error */
export function exitedWith(program: string, exitCode: number, words: string): ProgramFailedError {
  return new ProgramFailedError(`${program} failed with exit status ${exitCode}${words === '' ? '' : `: ${words}`}`, {
    exitCode,
    hint: 'run the same command by hand to see why',
  })
}
