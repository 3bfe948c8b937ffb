import { mkdir, rename } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext, Restored } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { DatabaseProcess } from '../database-process.ts'
import { buildDatabase, openBuildFolder } from './build.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import { isThere } from '../is-there.ts'
import type { Placement } from './placement.ts'

/**
 * Puts databases where nothing is yet: all of them are there in one step, or none.
 *
 * @param to the new file when it is the place of the only database, else the new folder
 */
export async function restoreElsewhere(
  placements: readonly Placement[],
  to: string,
  point: SourcePoint,
  { env, signal }: Pick<ReadContext, 'env' | 'signal'>,
): Promise<Restored> {
  await using undo = new AsyncDisposableStack()
  const database = undo.use(new DatabaseProcess(env, signal))
  await mkdir(dirname(to), { recursive: true })
  const outer = undo.use(await openBuildFolder(dirname(to)))
  const top = join(outer.path, 'new')
  const findings: Finding[] = [...outer.findings]
  const built: string[] = []
  for (const placement of placements) {
    const folder = placement.place === to ? outer.path : join(top, relative(to, dirname(placement.place)))
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const result = await buildDatabase(placement, folder, { point, database })
    built.push(result.built)
    findings.push(...result.findings.map((finding) => ({ ...finding, severity: 'warning' as const })))
  }
  signal.throwIfAborted()
  if (await isThere(to)) {
    throw new InputError(`something was put at ${to} meanwhile`, { hint: 'name a place where nothing is yet' })
  }
  await rename(placements[0]!.place === to ? built[0]! : top, to)
  await syncToDisk(dirname(to))
  return { place: to, findings }
}
