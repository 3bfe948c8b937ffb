import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/**
 * For `test.skipIf` and `describe.skipIf`: whether tests must be skipped because something is missing on this machine.
 * The reason is printed. With CI=true nothing is ever skipped: the missing thing is an error there.
 *
 * @param reason what is missing; undefined when all is there
 */
export function skipBecause(reason: string | undefined): boolean {
  if (reason === undefined) return false
  if (process.env['CI'] === 'true') throw new Error(`tests cannot run: ${reason}`)
  console.warn(`tests skipped: ${reason}`)
  return true
}

/** Whether this process may do what only root may. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Full path of a program on PATH or in the usual places for administrators' programs. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  for (const folder of folders) {
    if (folder === '') continue
    const path = join(folder, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Names those of the programs that are missing: a reason for {@link skipBecause}. */
export async function missingPrograms(...names: string[]): Promise<string | undefined> {
  const missing: string[] = []
  for (const name of names) if ((await findProgram(name)) === undefined) missing.push(name)
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`
}
