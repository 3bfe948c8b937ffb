import { basename, dirname, join } from 'node:path'
import { errorMessage, InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext, Restored } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath, systemPath } from '../../swap/byte-path.ts'
import { keptName, stampOf } from '../../swap/names.ts'
import { DatabaseProcess } from '../database-process.ts'
import { buildDatabase, makeFolderOf, openBuildFolder } from './build.ts'
import { filesOf, leftBehind, lockDatabases } from './lock-databases.ts'
import { isThere } from '../is-there.ts'
import type { Placement } from './placement.ts'
import { swapDatabase } from './swap-database.ts'

/**
 * Puts databases back where they were. All of them are built and checked beside the present ones, then all of the present
 * ones are locked, and only then is the first one replaced.
 *
 * @param time of the restore: what is replaced is kept under it
 * @throws {InputError} a program has one of them open and could write to it
 */
export async function restoreInPlace(
  placements: readonly Placement[],
  point: SourcePoint,
  { env, signal }: Pick<ReadContext, 'env' | 'signal'>,
  time: Date = new Date(),
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
  const holders = await lockDatabases(
    placements.map(({ place }) => place),
    undo,
    { env, signal },
  )
  const restored = await swapAll(placements, built, holders, { signal, time })
  return { ...restored, findings: [...findings, ...restored.findings] }
}

async function swapAll(
  placements: readonly Placement[],
  built: readonly string[],
  holders: readonly (number | undefined)[],
  { signal, time }: { readonly signal: AbortSignal; readonly time: Date },
): Promise<Restored> {
  const kept: string[] = []
  const findings: Finding[] = []
  const done: string[] = []
  try {
    for (const [number, { place }] of placements.entries()) {
      signal.throwIfAborted()
      const name = await freeName(place, time)
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

async function freeName(place: string, time: Date): Promise<string> {
  const kept = systemPath(keptName(bytePath(basename(place)), stampOf(time))).toString()
  for (let number = 1; ; number++) {
    const name = join(dirname(place), number === 1 ? kept : `${kept}-${number}`)
    const taken = await Promise.all(filesOf(name).map(isThere))
    if (!taken.includes(true)) return name
  }
}
