import type { DatabaseSync } from 'node:sqlite'
import { StateVersionError } from './state-error.ts'
import { inTransaction } from './transaction.ts'

/**
 * Brings a database to the version of this program, whole or not at all. An empty one is of version 0.
 *
 * @param path for messages
 * @throws {StateVersionError} it is of a later version; nothing was changed
 */
export function migrate(database: DatabaseSync, path: string, migrations: readonly string[]): void {
  const version = versionOf(database)
  if (version > migrations.length) throw new StateVersionError(path, version, migrations.length)
  if (version === migrations.length) return
  inTransaction(database, () => {
    for (const step of migrations.slice(versionOf(database))) database.exec(step)
    database.exec(`pragma user_version = ${migrations.length}`)
  })
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.['user_version'] ?? 0)
}
