import type { DatabaseSync } from 'node:sqlite'

/** All of `work` or nothing of it; other writers wait meanwhile. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('begin immediate')
  try {
    const result = work()
    database.exec('commit')
    return result
  } catch (error) {
    // SQLite itself has rolled back after some errors, as that of a full disk.
    if (database.isTransaction) database.exec('rollback')
    throw error
  }
}
