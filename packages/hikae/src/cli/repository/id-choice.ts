import type { FileKind, Id } from '@hikae/engine'
import { UsageError } from '../../errors.ts'
import type { Session } from './session.ts'

/**
 * The stored file whose id begins with `prefix`.
 *
 * @throws {UsageError} none, or several do
 */
export async function chooseId(
  { repository, signal }: Session,
  kind: Exclude<FileKind, 'config'>,
  prefix: string,
): Promise<Id> {
  const wanted = prefix.toLowerCase()
  const [first, ...others] = (await repository.listIds(kind, signal)).filter(({ id }) => id.startsWith(wanted))
  if (first === undefined) {
    throw new UsageError(`no ${kind} has an id that begins with '${prefix}'`, { hint: `see hikae list ${LISTS[kind]}` })
  }
  if (others.length > 0) {
    throw new UsageError(`${others.length + 1} ids of ${kind} files begin with '${prefix}'`, {
      hint: 'write more digits',
    })
  }
  return first.id
}

const LISTS = { key: 'keys', lock: 'locks', snapshot: 'snapshots', index: 'index', pack: 'packs' } as const
