import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/** Checking an index looks its rows up here and there: 600 MB took 6.8 s instead of 12.2 s with SQLite's usual 2 MiB. */
const CACHE_KIB = 64 * 1024

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
  database.exec(`pragma trusted_schema = off; pragma cell_size_check = on; pragma cache_size = -${CACHE_KIB}`)
  return database
}
