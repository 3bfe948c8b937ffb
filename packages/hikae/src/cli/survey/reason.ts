import { errorMessage, isKnownError } from '../../errors.ts'
import { printableMessage } from '../output/printable.ts'
import type { MissedRepository } from './survey.ts'

/** Why it did not answer, and what to do, in one line. */
export function reasonOf({ error }: MissedRepository): string {
  const hint = isKnownError(error) && error.hint !== undefined ? ` (${error.hint})` : ''
  return printableMessage(errorMessage(error) + hint).replaceAll('\n', ' ')
}
