import { BackendError } from '../../backend/backend.ts'
import { isDamage } from '../../repository/damage.ts'
import type { FindingKind } from './findings.ts'

/**
 * Whether a file cannot be used, by its content or because the storage fails at it (a disk that answers EIO, a file of
 * somebody else): a finding, and the check goes on. Trouble that passes is not one, it was waited for.
 */
export function isUnreadable(error: unknown): error is Error {
  return isDamage(error) || isStorageFailure(error)
}

/** What repairs must stay away from: the content may well be whole. */
export function kindOfUnreadable(error: unknown, otherwise: FindingKind): FindingKind {
  return isStorageFailure(error) ? 'storage-failed' : otherwise
}

function isStorageFailure(error: unknown): boolean {
  return error instanceof BackendError && !error.transient
}
