import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makePrivateFile } from './make-private-file.ts'

/** What is done under the lock takes milliseconds. */
const WAIT_MS = 10_000

/**
 * Does something in a state folder that only one process at a time may do. The lock is SQLite's own on an empty file, so that
 * the system takes it back from whoever dies.
 *
 * @throws SQLite's error when another process holds it for too long
 */
export function withOpeningLock<T>(folder: string, work: () => T): T {
  const path = join(folder, 'opening.lock')
  makePrivateFile(path)
  const lock = new DatabaseSync(path, { timeout: WAIT_MS })
  try {
    lock.exec('begin exclusive')
    return work()
  } finally {
    lock.close()
  }
}
