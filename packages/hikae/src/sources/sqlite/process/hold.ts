import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { HoldResult } from './tasks.ts'

const BUSY = new Set([5, 6])
/** Unreadable, malformed, no database. */
const UNUSABLE = new Set([10, 11, 26])

/** Kept for as long as the process lives: with the connection, the lock would go. */
const held: DatabaseSync[] = []

/**
 * Locks a database against every other connection, readers in WAL mode included, after what lies in its write-ahead log or
 * in the journal of a crashed program is in the main file: that one is the whole database then. The lock is given up by
 * killing the process; a connection that is closed in an orderly way could remove a log that is somebody else's by then.
 *
 * @throws what SQLite throws when it is neither in use nor damaged: it may not be written to
 */
export function holdDatabase(path: string, timeoutMs: number): HoldResult {
  if (!existsSync(path)) return { kind: 'unusable', reason: 'it is not there' }
  try {
    const database = new DatabaseSync(path, { timeout: timeoutMs, enableDoubleQuotedStringLiterals: true })
    held.push(database)
    // In this order: a log that is first used in this mode needs no shared memory, and no other connection may be there.
    database.exec('pragma locking_mode = exclusive; begin exclusive; commit')
    const { busy } = database.prepare('pragma wal_checkpoint(truncate)').get() as { busy: number }
    return { kind: busy === 0 ? 'held' : 'busy' }
  } catch (error) {
    const { errcode = 0, message } = error as Error & { errcode?: number }
    if (BUSY.has(errcode & 0xff)) return { kind: 'busy' }
    if (UNUSABLE.has(errcode & 0xff)) return { kind: 'unusable', reason: message }
    throw error
  }
}
