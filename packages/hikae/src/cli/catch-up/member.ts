import type { StoredSnapshot } from '@hikae/engine'
import type { CommandContext } from '../context.ts'
import { errorMessage } from '../../errors.ts'
import { shortId } from '../output/snapshot.ts'
import { labelOf } from '../repository/choose.ts'
import type { OpenedRepository, UnopenedRepository } from '../repository/open-all.ts'
import type { Session } from '../repository/session.ts'
import type { Holding } from '../../repositories/catch-up-plan.ts'
import { pendingMoments } from './pending.ts'

/** One of several repositories that are to be level, open, with what it holds. */
export interface Member extends Holding {
  readonly label: string
  readonly session: Session
  /** What an earlier catch-up still owes it. */
  readonly pending: ReadonlySet<string>
}

/** A repository, with its snapshots when they were read already. */
export interface ReadRepository extends OpenedRepository {
  readonly held?: readonly StoredSnapshot[]
}

/** Lists the snapshots of all. One that cannot be listed does not keep the others from it. */
export async function readMembers(
  opened: readonly ReadRepository[],
  context: CommandContext,
): Promise<{ members: Member[]; failed: UnopenedRepository[] }> {
  const members: Member[] = []
  const failed: UnopenedRepository[] = []
  const read = await Promise.allSettled(opened.map((repository) => readMember(repository, context)))
  context.signal.throwIfAborted()
  for (const [at, result] of read.entries()) {
    if (result.status === 'fulfilled') members.push(result.value)
    else failed.push({ chosen: opened[at]!.chosen, error: result.reason as Error })
  }
  return { members, failed }
}

async function readMember({ chosen, session, held }: ReadRepository, { env, out }: CommandContext): Promise<Member> {
  const label = labelOf(chosen)
  const { repository, signal } = session
  const warn = (id: string): void =>
    out.warn(`snapshot ${shortId(id)} of ${label} cannot be read: run \`hikae check\` on it`)
  const snapshots = held ?? (await repository.snapshots(signal, warn))
  let pending: ReadonlySet<string> = new Set()
  try {
    pending = await pendingMoments(env, repository.config.id)
  } catch (error) {
    out.warn(`what an earlier catch-up owes ${label} cannot be read: ${errorMessage(error)}`)
  }
  return { label, session, isLocal: chosen.location.kind === 'local', snapshots, pending }
}
