import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import { DatabaseProcess } from '../database-process.ts'
import { COMPANIONS } from '../find-databases.ts'
import { nameUsers, usersOf } from './open-files.ts'

/** For a program that is just finishing a transaction. */
const LOCK_MS = 5000

/**
 * Locks databases against everybody, with all of each in its main file, before any of them is replaced.
 *
 * @param owned gives the locks up
 * @returns processes that hold the locks
 * @throws {InputError} a program has one of them open and could write to it
 */
export async function lockDatabases(
  places: readonly string[],
  owned: AsyncDisposableStack,
  { env, signal }: Pick<ReadContext, 'env' | 'signal'>,
): Promise<readonly (number | undefined)[]> {
  const holders: (number | undefined)[] = []
  for (const place of places) {
    await refuseUsers(place, [])
    const holder = owned.use(new DatabaseProcess(env, signal))
    holders.push(holder.pid)
    const { kind } = await holder.run('hold', { path: place, timeoutMs: LOCK_MS })
    if (kind === 'busy') throw await inUse(place, holders)
    holder.outlastStops() // the lock has to hold until a swap that has begun is over
    await refuseUsers(place, holders)
  }
  return holders
}

/** A database, and what SQLite keeps beside it. */
export function filesOf(place: string): string[] {
  return ['', ...COMPANIONS].map((end) => `${place}${end}`)
}

/**
 * A database that is only open, without a lock, would be written to after it has been moved away.
 *
 * @param holders that do not count
 * @throws {InputError} a program could write to it
 */
export async function refuseUsers(place: string, holders: readonly (number | undefined)[]): Promise<void> {
  const users = (await usersOf(filesOf(place), holders)).filter(({ access }) => access === 'write')
  if (users.length > 0) throw refusal(place, nameUsers(users))
}

/** Who still has the old one open, now under its second name. */
export async function leftBehind(
  place: string,
  kept: string,
  holders: readonly (number | undefined)[],
): Promise<Finding[]> {
  const users = await usersOf([kept], holders)
  if (users.length === 0) return []
  const message = `${nameUsers(users)} still has the database open that was at ${place} before`
  return [{ severity: 'warning', message, hint: 'start that program anew, so that it opens the restored one' }]
}

async function inUse(place: string, holders: readonly (number | undefined)[]): Promise<InputError> {
  const users = await usersOf(filesOf(place), holders)
  return refusal(place, users.length > 0 ? nameUsers(users) : 'a process that cannot be seen from here')
}

function refusal(place: string, who: string): InputError {
  return new InputError(`${place} is in use by ${who}`, {
    hint: 'stop that program, restore again, and start it afterwards; nothing has been changed',
  })
}
