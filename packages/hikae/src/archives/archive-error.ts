import { ProgramError } from '../errors.ts'

/** An archive is damaged, hostile, or of a form that is not read. The message does not name it: whoever opened it does. */
export class ArchiveError extends ProgramError {
  override readonly name = 'ArchiveError'
  readonly code = 'ARCHIVE'
}

/** The next step where a file is not what it was when it was written. */
export const DAMAGED_HINT = 'it is damaged or was not written to its end: no snapshot was made of it'

/** The next step where only this program cannot read it. */
export const UNPACK_HINT = 'unpack it into a folder by hand, and import that folder'
