import { errorMessage, isKnownError } from '../../errors.ts'
import type { Diagnosis } from './diagnosis.ts'

/** What could not be examined is in trouble. */
export function fromError(subject: string, error: unknown): Diagnosis {
  const hint = isKnownError(error) ? error.hint : undefined
  return {
    subject,
    verdict: 'error',
    message: errorMessage(error),
    hint: hint ?? 'put that right, and run hikae doctor again',
  }
}
