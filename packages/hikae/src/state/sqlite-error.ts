import { errorMessage, isKnownError } from '../errors.ts'
import { StateError } from './state-error.ts'

const BUSY = 5
const CORRUPT = 11
const FULL = 13
const NOT_A_DATABASE = 26

/** Wrong SQL, or values that a column does not take: faults of ours, and no trouble with a file. */
const FAULTS: readonly number[] = [1, 19, 20, 21, 25]

/** Whether the file itself is bad, so that nothing will ever come of it. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error)
  return code === CORRUPT || code === NOT_A_DATABASE
}

/** Whether another process, or another connection, holds what was asked for. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY
}

/** What SQLite or the system threw, for people; faults stay what they are. @param path of the database */
export function explainSqlite(error: unknown, path: string): unknown {
  if (isKnownError(error)) return error
  const code = resultCode(error)
  if (code === undefined && !(error instanceof Error && 'syscall' in error)) return error
  if (code !== undefined && FAULTS.includes(code)) return error
  return new StateError(`the history of runs in ${path} cannot be used: ${errorMessage(error)}`, {
    hint: hintFor(code),
    cause: error,
  })
}

function hintFor(code: number | undefined): string {
  if (code === BUSY) return 'another hikae has held it for too long: see with `ps` whether one hangs'
  if (code === FULL) return 'make room on that disk; backups do not need the history'
  return 'see that this user may write there and that the disk works; when the file is moved away, only the history is lost'
}

/** SQLite's result code of what it threw; undefined for anything else. */
function resultCode(error: unknown): number | undefined {
  // The lower eight bits; the others tell it more exactly.
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined
}
