import { chmod, chown, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath, systemPath } from '../../swap/byte-path.ts'
import { Replacement } from '../../swap/replacement.ts'
import { settleSwaps } from '../../swap/settle-swaps.ts'
import { compareWithFacts } from '../compare-with-facts.ts'
import type { DatabaseProcess } from '../database-process.ts'
import { type DatabaseFacts, latin1 } from '../facts.ts'
import { syncToDisk } from '../../../sync-to-disk.ts'
import { isThere } from '../is-there.ts'
import { nameInPoint, type Placement } from './placement.ts'

export interface Builder {
  readonly point: SourcePoint
  readonly database: DatabaseProcess
}

/** A folder of 0700 in another folder, in which something is built that is renamed to there. */
export interface BuildFolder extends AsyncDisposable {
  readonly path: string
  /** What an interrupted restore had left there, and was removed. */
  readonly findings: readonly Finding[]
}

/** Disposing of it removes it, with what was not used. */
export async function openBuildFolder(folder: string): Promise<BuildFolder> {
  const findings = await settleSwaps(bytePath(folder))
  const replacement = await Replacement.open(bytePath(folder), new Date())
  return {
    path: systemPath(replacement.path).toString(),
    findings,
    [Symbol.asyncDispose]: () => replacement[Symbol.asyncDispose](),
  }
}

/**
 * Writes a database into a folder, with owner, mode and time as they were, and makes sure that it is what was saved.
 *
 * @returns its path, and what is to be said of one that was damaged when it was saved
 * @throws {InputError} it is not what was saved, or damaged and nobody knew
 */
export async function buildDatabase(
  placement: Placement,
  folder: string,
  { point, database }: Builder,
): Promise<{ built: string; findings: Finding[] }> {
  const { facts } = placement
  await point.writeTo(folder, latin1(facts.path))
  const built = join(folder, nameInPoint(placement))
  const inspection = await database.run('inspect', { path: built, check: 'integrity' })
  const findings = compareWithFacts(inspection, facts)
  const isKnown = facts.damage.length > 0 && inspection.sha256 === facts.sha256
  const [first] = findings
  if (first && !isKnown) throw new InputError(first.message, first.hint === undefined ? {} : { hint: first.hint })
  await syncToDisk(built)
  return { built, findings }
}

/** The folder that a database lay in, with its mode and owner, when it is gone. */
export async function makeFolderOf({ facts, place }: Placement): Promise<void> {
  const folder = dirname(place)
  if (await isThere(folder)) return
  await mkdir(folder, { recursive: true })
  await giveBack(folder, facts.folder)
}

async function giveBack(folder: string, { mode, uid, gid }: DatabaseFacts['folder']): Promise<void> {
  if (process.getuid?.() === 0) await chown(folder, uid, gid)
  await chmod(folder, mode)
}
