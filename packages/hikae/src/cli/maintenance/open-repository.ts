import { chooseByName } from '../repository/choose.ts'
import { type Access, openChosen, type Session } from '../repository/session.ts'
import type { MaintenanceContext } from './run-maintenance.ts'

/** One in trouble is tried again later: the others must not be held up. */
const PATIENCE_MS = 2 * 60_000
/** A backup of another machine may be about to end. */
const LOCK_PATIENCE_MS = 2 * 60_000

/** Opens a repository of the stack file by its name. @throws when it cannot be opened or locked */
export async function openRepositoryOfStack(
  name: string,
  access: Access,
  { globals, context }: Pick<MaintenanceContext, 'globals' | 'context'>,
): Promise<Session> {
  const chosen = await chooseByName(name, { kind: 'ask' }, globals, context)
  const patient = { ...globals, retryLock: globals.retryLock ?? LOCK_PATIENCE_MS }
  return openChosen(chosen, patient, context, { ...access, patienceMs: PATIENCE_MS, answersWithinMs: PATIENCE_MS })
}
