import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/**
 * Does something that only one process at a time may do. The lock is SQLite's own on an empty file, so that the system takes
 * it back from whoever dies.
 *
 * @throws SQLite's error when another process holds it for longer than `waitMs`
 */
export function withOpeningLock<T>(path: string, waitMs: number, work: () => T): T {
  closeSync(openSync(path, 'a', 0o600))
  const lock = new DatabaseSync(path, { timeout: waitMs })
  try {
    lock.exec('begin exclusive')
    return work()
  } finally {
    lock.close()
  }
}
