import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { Environment } from '../../environment.ts'
import { systemCode } from '../../errors.ts'
import { makePrivateFile } from '../../state/make-private-file.ts'
import { isBusy } from '../../state/sqlite-error.ts'

/** How often a lock that another holds is tried. */
const LOOK_MS = 100
const ENDING = '.lock'

/** Where the locks of containers lie: one place for all stacks of this user, since two may save the same container. */
export function containerLocks(env: Environment): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'hikae', 'containers')
}

/**
 * Takes a lock that the system takes back from whoever dies. Disposing of it gives it back, and its file is gone.
 *
 * @param folder made when it is not there
 * @returns undefined when another process, or another part of this one, has it
 */
export function tryLock(folder: string, name: string): Disposable | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, `${name}${ENDING}`)
  for (;;) {
    makePrivateFile(path)
    const inode = inodeOf(path)
    const taken = take(path)
    if (taken === 'busy') return undefined
    // Whoever had it before may have removed the file that was opened: a lock on that says nothing to others.
    if (taken !== 'gone' && inode !== undefined && inodeOf(path) === inode) return owned(path, taken)
    if (taken !== 'gone') taken.close()
  }
}

/** Removes the files of locks that nobody has. @param beginning of their names */
export function sweepLocks(folder: string, beginning = ''): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(beginning) || !name.endsWith(ENDING)) continue
    tryLock(folder, name.slice(0, -ENDING.length))?.[Symbol.dispose]()
  }
}

/**
 * Waits until it has the lock.
 *
 * @param options.onBusy called each time that somebody else has it; what it throws ends the waiting
 */
export async function takeLock(
  folder: string,
  name: string,
  { signal, onBusy }: { readonly signal: AbortSignal; readonly onBusy: () => void },
): Promise<Disposable> {
  for (;;) {
    signal.throwIfAborted()
    const lock = tryLock(folder, name)
    if (lock) return lock
    onBusy()
    await pause(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

function take(path: string): DatabaseSync | 'busy' | 'gone' {
  const url = pathToFileURL(path)
  url.search = 'mode=rw' // not made when it is not there
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(url, { timeout: 0 })
    database.exec('pragma journal_mode = memory; begin exclusive') // no file beside it
    return database
  } catch (error) {
    database?.close()
    if (isBusy(error)) return 'busy'
    if (inodeOf(path) === undefined) return 'gone'
    throw error
  }
}

function owned(path: string, database: DatabaseSync): Disposable {
  return {
    [Symbol.dispose]() {
      if (!database.isOpen) return
      rmSync(path, { force: true })
      database.close()
    },
  }
}

function inodeOf(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true }).ino
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
