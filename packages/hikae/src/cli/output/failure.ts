import { errorMessage, isKnownError } from '../../errors.ts'
import type { Output } from './output.ts'
import { jsonPath, printableMessage, printablePath } from './printable.ts'

/** Something that failed without ending the command. */
export interface Failure {
  /** What it happened to, as it is: for programs. */
  readonly item: string
  /** The same for people, printable. */
  readonly what: string
  readonly error: Error
  /** restic's word for what was going on: `archival`, `restore`. */
  readonly during: string
}

export function printFailure({ item, what, error, during }: Failure, out: Output): void {
  const hint = isKnownError(error) && error.hint !== undefined ? ` (${error.hint})` : ''
  out.problem(`${out.paintError('red', 'error:')} ${what}: ${printableMessage(errorMessage(error) + hint)}`, {
    message_type: 'error',
    error: { message: errorMessage(error) },
    during,
    item,
  })
}

/** A directory of a snapshot that could not be read: what is below it is missing from the result. @param path byte string */
export function printUnreadableDirectory(path: string, error: unknown, out: Output): void {
  const cause = error instanceof Error ? error : new Error(errorMessage(error))
  printFailure({ item: jsonPath(path), what: printablePath(path), error: cause, during: 'read' }, out)
}
