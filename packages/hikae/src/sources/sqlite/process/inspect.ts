import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { CheckMode } from '../config.ts'
import { openStill } from './open-still.ts'
import type { Inspection } from './tasks.ts'

/** Lines of a check that are kept: the first tell enough, and a bad file has millions. */
const MOST_DAMAGE = 5
const MOST_TABLES = 1000
const MOST_VIOLATIONS = 1000
/**
 * Larger databases are not counted. Counting reads every table once; 600 MB in memory took less than 0.1 s. Up to here that
 * is little beside copying and checking; beyond, memory rarely holds the file, and it would be one more pass over the disk.
 */
const LARGEST_COUNTED = 8 * 1024 ** 3
/** Malformed, unreadable, or no database. Anything else means that the check itself could not be done. */
const DAMAGED = new Set([10, 11, 26])
const HASH_BYTES = 1024 * 1024

/** Checks a copy and finds out what is in it. Damage is part of the answer, not an error. */
export function inspectDatabase(path: string, check: CheckMode): Inspection {
  const { size: sizeBytes } = statSync(path)
  const sha256 = hashFile(path)
  using database = openStill(path)
  const number = (sql: string): number => tolerant(() => Number(firstColumn(database, sql)), 0)
  const tables = tolerant(() => tableNames(database), [])
  const isCounted = sizeBytes <= LARGEST_COUNTED
  return {
    sha256,
    sizeBytes,
    pageSize: number('pragma page_size'),
    pageCount: number('pragma page_count'),
    userVersion: number('pragma user_version'),
    applicationId: number('pragma application_id'),
    schemaSha256: tolerant(() => hashSchema(database), ''),
    tables: Object.fromEntries(
      tables.slice(0, MOST_TABLES).map((name) => [name, isCounted ? countRows(database, name) : null]),
    ),
    tablesLeftOut: Math.max(0, tables.length - MOST_TABLES),
    check,
    ...checkDatabase(database, check),
    foreignKeyViolations: check === 'none' ? null : tolerant(() => countViolations(database), null),
    sqliteVersion: process.versions['sqlite'] ?? '',
  }
}

function checkDatabase(database: DatabaseSync, check: CheckMode): Pick<Inspection, 'damage' | 'unchecked'> {
  if (check === 'none') return { damage: [], unchecked: null }
  try {
    const lines = database.prepare(`pragma ${check}_check(${MOST_DAMAGE})`, { returnArrays: true }).all()
    const texts = (lines as unknown as [string][]).map(([line]) => line)
    const isGood = texts.length === 1 && texts[0] === 'ok'
    return { damage: isGood ? [] : texts.slice(0, MOST_DAMAGE), unchecked: null }
  } catch (error) {
    const { errcode = 0, message } = error as Error & { errcode?: number }
    return DAMAGED.has(errcode & 0xff) ? { damage: [message], unchecked: null } : { damage: [], unchecked: message }
  }
}

/** Of what a person made: without SQLite's own, and without virtual tables, whose modules may be missing here. */
function tableNames(database: DatabaseSync): string[] {
  const sql = `select name from pragma_table_list where schema = 'main' and type in ('table', 'shadow')
    and name not like 'sqlite\\_%' escape '\\' order by name`
  return (database.prepare(sql, { returnArrays: true }).all() as unknown as [string][]).map(([name]) => name)
}

function countRows(database: DatabaseSync, table: string): number | null {
  const name = `"${table.replaceAll('"', '""')}"`
  return tolerant(() => Number(firstColumn(database, `select count(*) from ${name}`)), null)
}

function countViolations(database: DatabaseSync): number {
  let found = 0
  for (const _ of database.prepare('pragma foreign_key_check').iterate()) {
    found++
    if (found >= MOST_VIOLATIONS) break
  }
  return found
}

function hashSchema(database: DatabaseSync): string {
  const hash = createHash('sha256')
  const rows = database.prepare('select type, name, tbl_name, sql from sqlite_schema order by 1, 2', {
    returnArrays: true,
  })
  for (const row of rows.iterate()) hash.update(`${JSON.stringify(row)}\n`)
  return hash.digest('hex')
}

function hashFile(path: string): string {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(HASH_BYTES)
  const file = openSync(path, 'r')
  try {
    for (;;) {
      const length = readSync(file, buffer)
      if (length === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
}

function firstColumn(database: DatabaseSync, sql: string): unknown {
  const row = database.prepare(sql, { returnArrays: true }).get() as unknown as readonly unknown[] | undefined
  return row?.[0]
}

/** What cannot be found out of a damaged database is left open; the check says what is wrong with it. */
function tolerant<Value>(find: () => Value, otherwise: Value): Value {
  try {
    return find()
  } catch {
    return otherwise
  }
}
