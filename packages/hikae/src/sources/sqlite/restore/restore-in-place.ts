import { basename, dirname, join } from 'node:path'
import { errorMessage, InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext, Restored } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath, systemPath } from '../../swap/byte-path.ts'
import { keptName, stampOf } from '../../swap/names.ts'
import { DatabaseProcess } from '../database-process.ts'
import { COMPANIONS } from '../find-databases.ts'
import { buildDatabase, makeFolderOf, openBuildFolder } from './build.ts'
import { nameUsers, usersOf } from './open-files.ts'
import { isThere } from '../is-there.ts'
import type { Placement } from './placement.ts'
import { swapDatabase } from './swap-database.ts'

/** For a program that is just finishing a transaction. */
const LOCK_MS = 5000

/**
 * Puts databases back where they were. All of them are built and checked beside the present ones, then all of the present
 * ones are locked, and only then is the first one replaced.
 *
 * @throws {InputError} a program has one of them open and could write to it
 */
export async function restoreInPlace(
  placements: readonly Placement[],
  point: SourcePoint,
  { env, signal }: Pick<ReadContext, 'env' | 'signal'>,
): Promise<Restored> {
  await using undo = new AsyncDisposableStack()
  const database = undo.use(new DatabaseProcess(env, signal))
  const built: string[] = []
  const findings: Finding[] = []
  for (const placement of placements) {
    await makeFolderOf(placement)
    const folder = undo.use(await openBuildFolder(dirname(placement.place)))
    built.push((await buildDatabase(placement, folder.path, { point, database })).built)
    findings.push(...folder.findings)
  }
  const holders: (number | undefined)[] = []
  for (const { place } of placements) {
    await refuseUsers(place, [])
    const holder = undo.use(new DatabaseProcess(env, signal))
    holders.push(holder.pid)
    const { kind } = await holder.run('hold', { path: place, timeoutMs: LOCK_MS })
    if (kind === 'busy') throw await inUse(place, holders)
    holder.outlastStops() // the lock has to hold until a swap that has begun is over
    await refuseUsers(place, holders)
  }
  const restored = await swapAll(placements, built, holders, signal)
  return { ...restored, findings: [...findings, ...restored.findings] }
}

async function swapAll(
  placements: readonly Placement[],
  built: readonly string[],
  holders: readonly (number | undefined)[],
  signal: AbortSignal,
): Promise<Restored> {
  const kept: string[] = []
  const findings: Finding[] = []
  const done: string[] = []
  try {
    for (const [number, { place }] of placements.entries()) {
      signal.throwIfAborted()
      const name = await freeName(place)
      if (await swapDatabase(built[number]!, place, name)) kept.push(name)
      done.push(place)
      findings.push(...(await leftBehind(place, name, holders)))
    }
  } catch (error) {
    if (done.length === 0) throw error
    throw new InputError(`${done.join(', ')} was restored, and then it went wrong: ${errorMessage(error)}`, {
      hint: `restore again for the others; what was there before is kept as ${kept.join(', ')}`,
      cause: error,
    })
  }
  return { place: done.join(', '), ...(kept.length > 0 ? { kept: kept.join(', ') } : {}), findings }
}

/** A database that is only open, without a lock, would be written to after it has been moved away. */
async function refuseUsers(place: string, holders: readonly (number | undefined)[]): Promise<void> {
  const users = (await usersOf(filesOf(place), holders)).filter(({ access }) => access === 'write')
  if (users.length > 0) throw refusal(place, nameUsers(users))
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

/** Who still has the old one open, now under its second name. */
async function leftBehind(place: string, kept: string, holders: readonly (number | undefined)[]): Promise<Finding[]> {
  const users = await usersOf([kept], holders)
  if (users.length === 0) return []
  const message = `${nameUsers(users)} still has the database open that was at ${place} before`
  return [{ severity: 'warning', message, hint: 'start that program anew, so that it opens the restored one' }]
}

function filesOf(place: string): string[] {
  return ['', ...COMPANIONS].map((end) => `${place}${end}`)
}

async function freeName(place: string): Promise<string> {
  const kept = systemPath(keptName(bytePath(basename(place)), stampOf(new Date()))).toString()
  for (let number = 1; ; number++) {
    const name = join(dirname(place), number === 1 ? kept : `${kept}-${number}`)
    const taken = await Promise.all(filesOf(name).map(isThere))
    if (!taken.includes(true)) return name
  }
}
