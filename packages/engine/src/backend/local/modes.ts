import { chmod, stat } from 'node:fs/promises'
import { fileAt } from '../layout.ts'
import { hasCode } from './system-error.ts'

/** Permission bits of what a local repository is made of (§2). */
export interface LocalModes {
  readonly folder: number
  /** Of a file in the making. */
  readonly writing: number
  /** Of a finished file: nobody may write it. */
  readonly finished: number
}

const OWNER_ONLY: LocalModes = { folder: 0o700, writing: 0o600, finished: 0o400 }
/** For repositories that the members of a group share. */
export const WITH_GROUP: LocalModes = { folder: 0o770, writing: 0o660, finished: 0o440 }

/** Group members share a repository whose `config` they may read; all others belong to their owner alone. */
export async function modesOf(root: string): Promise<LocalModes> {
  try {
    const { mode } = await stat(fileAt(root, 'config', ''))
    return mode & 0o040 ? WITH_GROUP : OWNER_ONLY
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return OWNER_ONLY
    throw error
  }
}

/** Sets permission bits where the file system has any and we may; the content does not depend on them. */
export async function chmodIfPossible(path: string, mode: number): Promise<void> {
  try {
    await chmod(path, mode)
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error
  }
}
