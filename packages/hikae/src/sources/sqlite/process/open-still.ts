import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/**
 * Opens a database that nobody else uses or changes. Nothing is written beside it, as SQLite does for a database in WAL
 * mode otherwise.
 */
export function openStill(path: string): DatabaseSync {
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  const database = new DatabaseSync(url, {
    readOnly: true,
    enableForeignKeyConstraints: false,
    // Old schemas have texts in double quotes and could not be read without it.
    enableDoubleQuotedStringLiterals: true,
  })
  database.exec('pragma trusted_schema = off; pragma cell_size_check = on')
  return database
}
