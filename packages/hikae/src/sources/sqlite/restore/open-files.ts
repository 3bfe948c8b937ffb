import { readdir, readFile, stat } from 'node:fs/promises'
import { systemCode } from '../../../errors.ts'

/** A process that has a file open. */
export interface FileUser {
  readonly pid: number
  /** `node`. */
  readonly program: string
  readonly access: 'read' | 'write'
}

const GONE = ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR']
/** Of the flags of an open file. */
const ACCESS_MODE = 0o3

/**
 * Who has one of some files open, by inode: processes in containers see them under other names. Without root, only
 * processes of the same user can be seen. Costs a system call for each open file of the machine.
 *
 * @param paths those that are not there are open nowhere
 * @param except processes that do not count
 */
export async function usersOf(
  paths: readonly string[],
  except: readonly (number | undefined)[] = [],
): Promise<FileUser[]> {
  const wanted = new Set((await Promise.all(paths.map(fileId))).filter((id) => id !== undefined))
  if (wanted.size === 0) return []
  const users: FileUser[] = []
  for (const name of await orNothing(readdir('/proc'), [])) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || except.includes(pid)) continue
    const access = await accessOf(pid, wanted)
    if (access) users.push({ pid, program: await programOf(pid), access })
  }
  return users
}

/** `node (process 4711) and sqlite3 (process 4712)` */
export function nameUsers(users: readonly FileUser[]): string {
  return users.map(({ program, pid }) => `${program} (process ${pid})`).join(' and ')
}

async function accessOf(pid: number, wanted: ReadonlySet<string>): Promise<FileUser['access'] | undefined> {
  let access: FileUser['access'] | undefined
  for (const file of await orNothing(readdir(`/proc/${pid}/fd`), [])) {
    const id = await fileId(`/proc/${pid}/fd/${file}`)
    if (id === undefined || !wanted.has(id)) continue
    if (await isForWriting(pid, file)) return 'write'
    access = 'read'
  }
  return access
}

async function isForWriting(pid: number, file: string): Promise<boolean> {
  const info = await orNothing(readFile(`/proc/${pid}/fdinfo/${file}`, 'utf8'), '')
  const flags = /^flags:\s*([0-7]+)$/m.exec(info)?.[1]
  // What cannot be found out is taken for the worse.
  return flags === undefined || (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0
}

async function programOf(pid: number): Promise<string> {
  return (await orNothing(readFile(`/proc/${pid}/comm`, 'utf8'), 'a program')).trim()
}

async function fileId(path: string): Promise<string | undefined> {
  const stats = await orNothing(stat(path, { bigint: true }), undefined)
  return stats && `${stats.dev}:${stats.ino}`
}

/** Processes end while one looks, and those of others may not be looked into. */
async function orNothing<Value, Otherwise>(found: Promise<Value>, otherwise: Otherwise): Promise<Value | Otherwise> {
  try {
    return await found
  } catch (error) {
    if (GONE.includes(systemCode(error) ?? '')) return otherwise
    throw error
  }
}
