import { FileMissingError, RangeOutsideFileError } from '../backend/backend.ts'
import { MacMismatchError } from '../crypto/cipher.ts'
import { DamagedError } from '../errors.ts'

/** Whether what was read is gone or not what it should be, as opposed to trouble with reading it. */
export function isDamage(error: unknown): error is Error {
  return (
    error instanceof DamagedError ||
    error instanceof MacMismatchError ||
    error instanceof FileMissingError ||
    error instanceof RangeOutsideFileError
  )
}
