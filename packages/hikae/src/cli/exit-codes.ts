/** What the exit status means; scripts rely on it. 0, 1, 3, 10, 11 and 12 are restic's. */
export const EXIT = {
  succeeded: 0,
  failed: 1,
  usage: 2,
  incomplete: 3,
  noRepository: 10,
  locked: 11,
  wrongPassword: 12,
  interrupted: 130,
  outputClosed: 141,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** For `--help` and the reference, in numeric order. */
export const EXIT_CODE_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.succeeded, 'succeeded'],
  [EXIT.failed, 'failed'],
  [EXIT.usage, 'wrong option, argument or configuration; nothing was done'],
  [EXIT.incomplete, 'incomplete: some data could not be read, stored or restored'],
  [EXIT.noRepository, 'the repository does not exist'],
  [EXIT.locked, 'the repository is locked'],
  [EXIT.wrongPassword, 'wrong password'],
  [EXIT.interrupted, 'interrupted by a signal'],
]

const BY_ERROR_CODE: Readonly<Record<string, ExitCode>> = {
  USAGE: EXIT.usage,
  CONFIG: EXIT.usage,
  INVALID_INPUT: EXIT.usage,
  REPOSITORY_MISSING: EXIT.noRepository,
  LOCKED: EXIT.locked,
  WRONG_PASSWORD: EXIT.wrongPassword,
  INTERRUPTED: EXIT.interrupted,
  OUTPUT_CLOSED: EXIT.outputClosed,
}

/** @param code of a known error; undefined for an unexpected one */
export function exitCodeOf(code: string | undefined): ExitCode {
  return (code === undefined ? undefined : BY_ERROR_CODE[code]) ?? EXIT.failed
}
