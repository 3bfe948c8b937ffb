import { access, constants, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorMessage, systemCode } from '../../errors.ts'
import { openState } from '../../state/state.ts'
import { type Diagnosis, ok } from './diagnosis.ts'
import { fromError } from './from-error.ts'

const SUBJECT = 'history'

/** Whether runs can be remembered. Makes nothing. */
export async function examineState(folder: string): Promise<Diagnosis[]> {
  if (!(await isThere(join(folder, 'state.db')))) return [await examineUnmade(folder)]
  try {
    await using state = openState(folder, { clock: Date.now })
    const warnings = [...state.warnings]
    if (warnings.length === 0) return [ok(SUBJECT, folder)]
    const hint = 'nothing has to be done: it begins anew, and backups do not depend on it'
    return warnings.map((message) => ({ subject: SUBJECT, verdict: 'warning', message, hint }))
  } catch (error) {
    return [fromError(SUBJECT, error)]
  }
}

async function examineUnmade(folder: string): Promise<Diagnosis> {
  const existing = await closestExisting(folder)
  try {
    await access(existing, constants.W_OK | constants.X_OK)
    return ok(SUBJECT, `none yet; it will be in ${folder}`)
  } catch (error) {
    const message = `nothing can be remembered in ${folder}: ${existing}: ${errorMessage(error)}`
    const hint = 'run hikae as another user, or set XDG_STATE_HOME to a folder that can be written to'
    return { subject: SUBJECT, verdict: 'error', message, hint }
  }
}

async function closestExisting(path: string): Promise<string> {
  if (dirname(path) === path || (await isThere(path))) return path
  return closestExisting(dirname(path))
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
