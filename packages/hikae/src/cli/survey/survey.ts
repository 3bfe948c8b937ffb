import type { Repository, StoredSnapshot } from '@hikae/engine'
import { pendingMoments } from '../catch-up/pending.ts'
import { passedChecks, type PassedChecks } from '../check/last-check.ts'
import type { CommandContext } from '../context.ts'
import { errorMessage } from '../../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import { type ChosenRepository, labelOf } from '../repository/choose.ts'
import { openChosen } from '../repository/session.ts'
import type { Holding } from '../../repositories/catch-up-plan.ts'

/** A repository that answered. */
export interface ReachedRepository extends Holding {
  readonly kind: 'reached'
  readonly label: string
  readonly chosen: ChosenRepository
  readonly repositoryId: string
  /** Snapshots that cannot be read. */
  readonly damaged: number
  /** What an earlier catch-up still owes it. */
  readonly pending: ReadonlySet<string>
  /** From this machine. */
  readonly checks: PassedChecks
  /** Only when it was asked for. */
  readonly storedBytes?: number
  /** Where the storage can tell. */
  readonly freeBytes?: number
}

export interface MissedRepository {
  readonly kind: 'missed'
  readonly label: string
  readonly chosen: ChosenRepository
  readonly error: Error
}

export type SurveyedRepository = ReachedRepository | MissedRepository

/** A repository in trouble is not what people wait for who ask how things are. */
const PATIENCE_MS = 5000
const FIRST_ANSWER_MS = 30_000

/**
 * Asks repositories what they hold, all at once, or one after the other when a password has to be typed. Nothing is
 * locked, changed or loaded.
 *
 * @param options.sizes also lists every file, for the stored size
 */
export async function surveyRepositories(
  chosen: readonly ChosenRepository[],
  globals: GlobalValues,
  context: CommandContext,
  options: { readonly sizes: boolean },
): Promise<SurveyedRepository[]> {
  const ask = async (repository: ChosenRepository): Promise<SurveyedRepository> => {
    try {
      return await survey(repository, globals, context, options)
    } catch (error) {
      context.signal.throwIfAborted()
      return { kind: 'missed', label: labelOf(repository), chosen: repository, error: error as Error }
    }
  }
  if (chosen.every(({ password }) => password.kind !== 'ask')) return Promise.all(chosen.map(ask))
  const asked: SurveyedRepository[] = []
  for (const repository of chosen) asked.push(await ask(repository))
  return asked
}

async function survey(
  chosen: ChosenRepository,
  globals: GlobalValues,
  context: CommandContext,
  { sizes }: { readonly sizes: boolean },
): Promise<ReachedRepository> {
  const { signal } = context
  const access = { lock: 'none', patienceMs: PATIENCE_MS, answersWithinMs: FIRST_ANSWER_MS } as const
  await using session = await openChosen(chosen, globals, context, access)
  const { repository } = session
  let damaged = 0
  const [snapshots, storedBytes, freeBytes] = await Promise.all([
    repository.snapshots(signal, () => damaged++),
    sizes ? sumOfSizes(repository, signal) : undefined,
    freeBytesOf(repository),
  ])
  return {
    kind: 'reached',
    label: labelOf(chosen),
    chosen,
    isLocal: chosen.location.kind === 'local',
    repositoryId: repository.config.id,
    snapshots,
    damaged,
    ...(await memoriesOf(repository, context)),
    ...(storedBytes === undefined ? {} : { storedBytes }),
    ...(freeBytes === undefined ? {} : { freeBytes }),
  }
}

async function sumOfSizes(repository: Repository, signal: AbortSignal): Promise<number> {
  const kinds = ['key', 'snapshot', 'index', 'pack'] as const
  const sums = await Promise.all(
    kinds.map(async (kind) => (await repository.listIds(kind, signal)).reduce((sum, { size }) => sum + size, 0)),
  )
  return sums.reduce((sum, part) => sum + part, 0)
}

/** A storage that cannot tell how much room it has is no trouble. */
async function freeBytesOf({ backend }: Repository): Promise<number | undefined> {
  try {
    return await backend.freeBytes?.()
  } catch {
    return undefined
  }
}

async function memoriesOf(
  { config: { id } }: Repository,
  { env, out }: CommandContext,
): Promise<Pick<ReachedRepository, 'pending' | 'checks'>> {
  try {
    const [pending, checks] = await Promise.all([pendingMoments(env, id), passedChecks(env, id)])
    return { pending, checks }
  } catch (error) {
    out.warn(`what is remembered of repositories cannot be read: ${errorMessage(error)}`)
    return { pending: new Set(), checks: {} }
  }
}

/** The newest snapshot. */
export function newestSnapshot({ snapshots }: Holding): StoredSnapshot | undefined {
  return snapshots.at(-1)
}
