/**
 * What the engine's KnownError is recognised by. Looking at the shape keeps the engine out of `--help` and `--version`,
 * which print usage errors too.
 */
export interface PrintableError extends Error {
  readonly code: string
  readonly hint: string | undefined
}

export abstract class ProgramError extends Error implements PrintableError {
  abstract readonly code: string
  readonly hint: string | undefined
  readonly transient: boolean = false

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options.hint
  }
}

/** The command line or the configuration makes no sense; nothing was done. */
export class UsageError extends ProgramError {
  override readonly name = 'UsageError'
  readonly code = 'USAGE'
}

/** A file or program that the command line names could not be used. */
export class InputError extends ProgramError {
  override readonly name = 'InputError'
  readonly code = 'INPUT'
}

/** The person or the system asked us to stop. */
export class InterruptedError extends ProgramError {
  override readonly name = 'InterruptedError'
  readonly code = 'INTERRUPTED'
}

/** Whoever read our output has gone, as in `hikae ls | head`. */
export class OutputClosedError extends ProgramError {
  override readonly name = 'OutputClosedError'
  readonly code = 'OUTPUT_CLOSED'
}

export function isKnownError(error: unknown): error is PrintableError {
  return error instanceof Error && 'hint' in error && 'code' in error && typeof error.code === 'string'
}

/** The system's error code (`ENOENT`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Node's `ENOENT: no such file or directory, open 'absent'`: the rest is known to whoever reads it. */
const SYSTEM_MESSAGE = /^[A-Z][A-Z0-9]+: (.+?), \w+(?: '.*)?$/s

/** One line about anything that was thrown. */
export function errorMessage(error: unknown): string {
  // What `using` throws when tidying up fails too. The first one is why: it comes first.
  if (error instanceof SuppressedError)
    return `${errorMessage(error.suppressed)}; and then: ${errorMessage(error.error)}`
  if (!(error instanceof Error)) return String(error)
  const system = 'syscall' in error ? SYSTEM_MESSAGE.exec(error.message)?.[1] : undefined
  return system ?? error.message
}
