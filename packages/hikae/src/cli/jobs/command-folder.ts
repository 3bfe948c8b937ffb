import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../errors.ts'
import { hasEnded, ownProcess, type ProcessOrigin } from '../../state/process-origin.ts'

/** Beside the scratch folders of a command: which process it is. */
const ORIGIN = 'process.json'
const NAME = /^command-/
const MINUTE_MS = 60_000
/** No command lasts longer; of one in another container only its age tells. */
const LONGEST_MS = 7 * 24 * 60 * MINUTE_MS

/** Of this process, among those of runs. */
export const OWN_COMMAND = `command-${randomBytes(8).toString('hex')}`

export function isCommandFolder(name: string): boolean {
  return NAME.test(name)
}

/** Makes the folder in which the scratch folders of this process are. */
export async function makeCommandFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await writeFile(join(path, ORIGIN), JSON.stringify(ownProcess()), { mode: 0o600 })
}

/** Removes it when no scratch folder is in it any more. */
export async function removeCommandFolder(path: string): Promise<void> {
  try {
    await rm(join(path, ORIGIN), { force: true })
    await rmdir(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    if (systemCode(error) !== 'ENOTEMPTY' && systemCode(error) !== 'EEXIST') throw error
    await makeCommandFolder(path)
  }
}

/** Whether the command that made the folder may be at work still. */
export async function isCommandAtWork(path: string, now: number): Promise<boolean> {
  try {
    const ageMs = now - (await stat(path)).mtimeMs
    const origin = await originIn(path)
    if (origin === undefined) return ageMs < MINUTE_MS
    return !hasEnded({ ...origin, lock: 'its age' }, ownProcess(), () => ageMs < LONGEST_MS)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

/** @returns undefined where it was not yet written, or not to its end */
async function originIn(path: string): Promise<ProcessOrigin | undefined> {
  try {
    return JSON.parse(await readFile(join(path, ORIGIN), 'utf8')) as ProcessOrigin
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}
