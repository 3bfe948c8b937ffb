import type { Hold } from '../../docker/quiesce/hold.ts'
import { errorMessage, InputError, isKnownError, ProgramError } from '../../errors.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import type { Engines } from '../migration.ts'
import type { MigrationJournal } from './migration-journal.ts'
import { removeMade } from './remove-made.ts'

/** A migration failed, and something on the source does not go on. */
class SourceNotBackError extends ProgramError {
  override readonly name = 'SourceNotBackError'
  readonly code = 'SOURCE_NOT_BACK'
}

/** @returns the error, with what of the source does not go on */
export async function notBack(hold: Hold, error: unknown): Promise<unknown> {
  const { findings } = await hold.release()
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (errors.length === 0) return error
  const hint = errors.find((finding) => finding.hint !== undefined)?.hint
  return new SourceNotBackError([errorMessage(error), ...errors.map(({ message }) => message)].join('; '), {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  })
}

/** Removes what was made on the other side. @returns the error, with what became of that */
export async function undone(
  { to }: Engines,
  journal: MigrationJournal,
  { signal, log }: ReadContext,
  error: unknown,
): Promise<unknown> {
  const lasting = to.outlastingStops()
  const hint = isKnownError(error) ? error.hint : undefined
  try {
    await removeMade(lasting, journal.record, new AbortController().signal)
    await journal.finish()
  } catch (second) {
    return new InputError(
      `${errorMessage(error)}; and what was made at ${to.address} could not be removed: ${errorMessage(second)}`,
      { hint: `the next \`hikae migrate\` removes it${hint === undefined ? '' : `; ${hint}`}`, cause: error },
    )
  }
  const source = error instanceof SourceNotBackError ? '' : 'the source is as it was, and '
  const end = `${source}what was made at ${to.address} is removed again`
  if (signal.aborted || !isKnownError(error)) {
    log(end)
    return error
  }
  return new InputError(`${errorMessage(error)}; ${end}`, { ...(hint === undefined ? {} : { hint }), cause: error })
}
