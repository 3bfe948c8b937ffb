import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Environment } from '../context.ts'
import { systemCode } from '../../errors.ts'

/** What is remembered of a repository: losing it never loses data. */
export type StateKind = 'read' | 'check' | 'catch-up'

/** Where it lies: in a folder per kind, named by the id of the repository. */
export function statePath(env: Environment, kind: StateKind, repositoryId: string): string {
  const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state')
  return join(state, 'hikae', kind, repositoryId)
}

/** @returns undefined when there is no such file; @throws the system's error when it cannot be read */
export async function readState(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces the file, whole or not at all; only its owner can read it. */
export async function storeState(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Harmless when there is none. */
export async function removeState(path: string): Promise<void> {
  await rm(path, { force: true })
}
