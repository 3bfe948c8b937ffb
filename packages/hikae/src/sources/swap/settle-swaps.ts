import type { Stats } from 'node:fs'
import { rm, rmdir } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'
import { processExists } from '../../process/process-exists.ts'
import type { Finding } from '../finding.ts'
import { type BytePath, childPath, systemPath } from './byte-path.ts'
import { lookAt, move, syncFolder } from './move.ts'
import { type BesideName, keptFolderName, keptName, parseBesideName } from './names.ts'
import { namesIn } from './names-in.ts'
import { finished, removed, stuck, undecided } from './settle-findings.ts'
import { swap } from './swap.ts'
import { settleUndo } from './undo-folder.ts'

/**
 * Ends what was interrupted while something in a folder was replaced. Something that is missing gets what was ready for it;
 * where something is, it stays, and what was to replace it is removed. The content of a mount point, which is replaced
 * piece by piece, is replaced to its end. An undo that has begun to replace is finished, any other is taken back. What belongs to a process that still runs is left alone, and what another user made:
 * in a folder of everybody, such a name proves nothing.
 *
 * @returns what was found and done
 */
export async function settleSwaps(folder: BytePath): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const name of await namesIn(folder)) {
    const beside = parseBesideName(name)
    if (!beside || processExists(beside.pid)) continue
    const path = childPath(folder, name)
    if (!(await isOurs(path))) continue
    try {
      findings.push(...(await settleOne(folder, path, beside)))
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      findings.push(stuck(path, error))
    }
  }
  return findings
}

async function settleOne(folder: BytePath, path: BytePath, { state, stamp }: BesideName): Promise<Finding[]> {
  if (state === 'gather' || state === 'undo') return await settleUndo(folder, path, state)
  if (state === 'ready') return await settleReady(folder, path, stamp)
  await removeEmpty(childPath(folder, keptFolderName(stamp)))
  return [await remove(path)]
}

/** What was swapped in is no longer in `ready`. */
async function settleReady(folder: BytePath, ready: BytePath, stamp: string): Promise<Finding[]> {
  const names = await namesIn(ready)
  const keptFolder = childPath(folder, keptFolderName(stamp))
  const findings = (await lookAt(keptFolder))
    ? [await settleContent(folder, ready, keptFolder, names)]
    : await settleEach(folder, ready, stamp, names)
  if ((await namesIn(ready)).length === 0) await rm(systemPath(ready), { recursive: true, force: true })
  return findings
}

async function settleEach(
  folder: BytePath,
  ready: BytePath,
  stamp: string,
  names: readonly string[],
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const name of names) {
    const [fresh, live] = [childPath(ready, name), childPath(folder, name)]
    const kept = childPath(folder, keptName(name, stamp))
    const [there, before] = [await lookAt(live), await lookAt(kept)]
    if (!there) {
      await move(fresh, live)
      await syncFolder(folder)
      findings.push(finished(live, kept))
    } else if (!before || isSame(there, before)) {
      // A file was given the name under which it is kept, and then stayed where it is.
      if (before) await rm(systemPath(kept))
      findings.push(await remove(fresh))
    } else findings.push(undecided(live, kept, fresh))
  }
  return findings
}

/** What has an old one is replaced first: while nothing is kept, nothing was replaced. */
async function settleContent(
  folder: BytePath,
  ready: BytePath,
  keptFolder: BytePath,
  names: readonly string[],
): Promise<Finding> {
  const isBegun = (await namesIn(keptFolder)).length > 0
  if (!isBegun) await rm(systemPath(keptFolder), { recursive: true })
  if (!isBegun && (await someExist(folder, names))) return await remove(ready)
  return await finishContent(folder, ready, keptFolder, names)
}

async function finishContent(
  folder: BytePath,
  ready: BytePath,
  keptFolder: BytePath,
  names: readonly string[],
): Promise<Finding> {
  for (const name of names) {
    await swap(childPath(ready, name), childPath(folder, name), childPath(keptFolder, name))
  }
  await syncFolder(folder)
  return finished(folder, keptFolder)
}

async function someExist(folder: BytePath, names: readonly string[]): Promise<boolean> {
  for (const name of names) if (await lookAt(childPath(folder, name))) return true
  return false
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev
}

async function remove(path: BytePath): Promise<Finding> {
  await rm(systemPath(path), { recursive: true, force: true, maxRetries: 3 })
  return removed(path)
}

async function removeEmpty(folder: BytePath): Promise<void> {
  if ((await lookAt(folder)) && (await namesIn(folder)).length === 0) await rmdir(systemPath(folder))
}

async function isOurs(path: BytePath): Promise<boolean> {
  const found = await lookAt(path)
  return found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid)
}
