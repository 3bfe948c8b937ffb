import { ProgramError } from '../errors.ts'

/** A Docker Engine could not be reached, or refused what it was asked. */
export class DockerError extends ProgramError {
  override readonly name = 'DockerError'
  readonly code = 'DOCKER'
  /** Of the engine's answer; absent when there was none. */
  readonly status: number | undefined

  constructor(message: string, options: { hint?: string; cause?: unknown; status?: number } = {}) {
    super(message, options)
    this.status = options.status
  }
}

/** What was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof DockerError && error.status === 404
}

/** It exists already, is in use, or is in the wrong state. */
export function isConflict(error: unknown): boolean {
  return error instanceof DockerError && error.status === 409
}
