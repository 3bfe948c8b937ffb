import { DamagedError, KnownError } from '../errors.ts'

/** An error in a form that survives the way between threads, where classes and most fields are lost. */
export interface ThreadError {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  /** Of a system error, or of a {@link KnownError}. */
  readonly code?: string | undefined
  readonly hint?: string | undefined
}

export function flattenError(error: unknown): ThreadError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: (error as { code?: string }).code,
    hint: error instanceof KnownError ? error.hint : undefined,
  }
}

/** The error again: a DamagedError as such, everything else with its name, message, code and stack. */
export function reviveError(flat: ThreadError): Error {
  if (flat.code === 'DAMAGED' || flat.code === 'MAC_MISMATCH') {
    return new DamagedError(flat.message, flat.hint === undefined ? {} : { hint: flat.hint })
  }
  const error = new Error(flat.message)
  error.name = flat.name
  if (flat.stack !== undefined) error.stack = flat.stack
  return flat.code === undefined ? error : Object.assign(error, { code: flat.code })
}
