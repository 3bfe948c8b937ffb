import { ProgramError } from '../errors.ts'

/** What is remembered of runs cannot be read or written. Backups do not need it: restoring needs the repositories only. */
export class StateError extends ProgramError {
  override readonly name = 'StateError'
  readonly code = 'STATE'
}

/** A later Hikae has written the state; this one would spoil it. */
export class StateVersionError extends ProgramError {
  override readonly name = 'StateVersionError'
  readonly code = 'STATE_VERSION'

  constructor(path: string, version: number, known: number) {
    super(`${path} was written by a later Hikae: its version is ${version}, this one knows up to ${known}`, {
      hint: 'update Hikae, or move the file away: only the history of runs is lost',
    })
  }
}
