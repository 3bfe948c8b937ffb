import type { CommandContext } from '../context.ts'
import type { GlobalValues } from '../global-options.ts'
import type { ChosenRepository } from './choose.ts'
import { type Access, openChosen, type Session } from './session.ts'

/** Where there are several repositories, one in trouble is not waited for longer: the others must not be held up. */
const PATIENCE_AMONG_SEVERAL_MS = 2 * 60_000

export interface OpenedRepository {
  readonly chosen: ChosenRepository
  readonly session: Session
}

export interface UnopenedRepository {
  readonly chosen: ChosenRepository
  readonly error: Error
}

/**
 * Opens repositories at the same time, or one after the other when a password has to be typed. One that cannot be opened
 * does not keep the others from it.
 *
 * @param owned gets the sessions
 * @returns both in the order of `chosen`
 * @throws the reason of an abort
 */
export async function openAll(
  chosen: readonly ChosenRepository[],
  globals: GlobalValues,
  context: CommandContext,
  access: (chosen: ChosenRepository) => Access,
  owned: AsyncDisposableStack,
): Promise<{ opened: OpenedRepository[]; failed: UnopenedRepository[] }> {
  const isTyped = chosen.some(({ password }) => password.kind === 'ask')
  const patience =
    chosen.length > 1 ? { patienceMs: PATIENCE_AMONG_SEVERAL_MS, answersWithinMs: PATIENCE_AMONG_SEVERAL_MS } : {}
  const opened: OpenedRepository[] = []
  const failed: UnopenedRepository[] = []
  const open = async (repository: ChosenRepository): Promise<() => void> => {
    try {
      const session = await openChosen(repository, globals, context, { ...patience, ...access(repository) })
      return () => opened.push({ chosen: repository, session: owned.use(session) })
    } catch (error) {
      return () => failed.push({ chosen: repository, error: error as Error })
    }
  }
  const attempts: (() => void)[] = []
  if (isTyped) for (const repository of chosen) attempts.push(await open(repository))
  else attempts.push(...(await Promise.all(chosen.map(open))))
  for (const tell of attempts) tell()
  context.signal.throwIfAborted()
  return { opened, failed }
}
