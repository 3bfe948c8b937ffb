/** What a {@link KnownError} may carry besides its message. */
export interface KnownErrorOptions {
  /** What the person who sees the error should do next: one sentence, lower-case, no full stop. */
  readonly hint?: string
  /** True when the same call may succeed later without anything being changed. */
  readonly transient?: boolean
  readonly cause?: unknown
}

/**
 * A failure that can be foreseen: it has a stable code for scripts, and a next step for people. Everything else that is
 * thrown is a bug and is printed as one.
 */
export abstract class KnownError extends Error {
  /** Stable, upper-case with underscores; part of the public interface. */
  abstract readonly code: string
  readonly hint: string | undefined
  readonly transient: boolean

  constructor(message: string, options: KnownErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hint = options.hint
    this.transient = options.transient ?? false
  }
}

/** Data that should be there but is absent, or that does not have the content its name or index promises. */
export class DamagedError extends KnownError {
  override readonly name = 'DamagedError'
  readonly code = 'DAMAGED'
}

/** A caller's option, pattern, id or combination of them makes no sense; nothing was done. */
export class InvalidInputError extends KnownError {
  override readonly name = 'InvalidInputError'
  readonly code = 'INVALID_INPUT'
}
