import { closeSync, openSync } from 'node:fs'
import { systemCode } from '../errors.ts'

/**
 * Makes an empty file that only its owner can read. One that is there is not even opened: closing it again would give up all
 * locks that this process has on it, those of SQLite too.
 */
export function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}
