import { matchesGlob } from 'node:path'
import type { MysqlConfig } from '../config.ts'
import { isOurSchema } from './kept-schema-name.ts'
import type { Mysql } from './open-mysql.ts'

/** The server's own. */
const SYSTEM: ReadonlySet<string> = new Set(['information_schema', 'performance_schema', 'mysql', 'sys', 'ndbinfo'])
/** Engines whose tables have a moment of their own for each transaction. */
const TRANSACTIONAL: ReadonlySet<string> = new Set(['InnoDB', 'ROCKSDB', 'TokuDB', 'ndbcluster'])

export interface ListedDatabase {
  readonly name: string
  readonly charset: string
  readonly collation: string
  readonly tables: readonly ListedTable[]
  readonly views: readonly string[]
  readonly triggers: number
  readonly routines: number
  readonly events: number
}

export interface ListedTable {
  readonly name: string
  readonly kind: 'table' | 'sequence'
  readonly isTransactional: boolean
  /** Older versions of its rows are in it, which dumps have not. */
  readonly hasHistory: boolean
  readonly isChosen: boolean
}

type Row = { readonly db: string; readonly name: string; readonly type: string; readonly engine: string | null }

/** What is on the server, without what is its own, or kept by restores; in the order of their bytes. */
export async function listDatabases(
  mysql: Mysql,
  { tables: chosen }: Partial<MysqlConfig> = {},
): Promise<ListedDatabase[]> {
  const doing = `list the databases (${mysql.server.name})`
  const schemata = await mysql.ask<{ name: string; charset: string; collation: string }>(
    `select json_object('name', schema_name, 'charset', default_character_set_name, 'collation', default_collation_name) from information_schema.schemata`,
    doing,
  )
  const rows = await mysql.ask<Row>(
    `select json_object('db', table_schema, 'name', table_name, 'type', table_type, 'engine', engine) from information_schema.tables`,
    doing,
  )
  const tables = Map.groupBy(rows, ({ db }) => db)
  const counts = new Map<string, number>()
  for (const kind of ['trigger', 'routine', 'event']) {
    const counted = await mysql.ask<{ db: string; count: number }>(
      `select json_object('db', ${kind}_schema, 'count', count(*)) from information_schema.${kind}s group by ${kind}_schema`,
      doing,
    )
    for (const { db, count } of counted) counts.set(`${kind} ${db}`, count)
  }
  return schemata
    .filter(({ name }) => !SYSTEM.has(name.toLowerCase()) && !isOurSchema(name))
    .toSorted((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)))
    .map((schema) => {
      const all = (tables.get(schema.name) ?? []).toSorted((one, other) => (one.name < other.name ? -1 : 1))
      return {
        ...schema,
        tables: all.filter(({ type }) => !type.includes('VIEW')).map((row) => listedTable(row, chosen)),
        views: all.filter((row) => row.type === 'VIEW' && isChosen(row, chosen)).map(({ name }) => name),
        triggers: counts.get(`trigger ${schema.name}`) ?? 0,
        routines: counts.get(`routine ${schema.name}`) ?? 0,
        events: counts.get(`event ${schema.name}`) ?? 0,
      }
    })
}

function listedTable(row: Row, chosen: MysqlConfig['tables']): ListedTable {
  return {
    name: row.name,
    kind: row.type === 'SEQUENCE' ? 'sequence' : 'table',
    isTransactional: row.type === 'SEQUENCE' || TRANSACTIONAL.has(row.engine ?? ''),
    hasHistory: row.type === 'SYSTEM VERSIONED',
    isChosen: isChosen(row, chosen),
  }
}

function isChosen({ db, name }: Pick<Row, 'db' | 'name'>, chosen: MysqlConfig['tables']): boolean {
  if (chosen === undefined) return true
  const path = `${db}.${name}`
  const isMeant = (pattern: string): boolean => matchesGlob(path, pattern)
  return chosen.include.some(isMeant) && !chosen.exclude.some(isMeant)
}

/** Those that the source means. */
export function chooseDatabases(
  listed: readonly ListedDatabase[],
  { databases, exclude }: Pick<MysqlConfig, 'databases' | 'exclude'>,
  ofUrl?: string,
): ListedDatabase[] {
  const patterns = databases ?? (ofUrl === undefined ? undefined : [ofUrl])
  return listed.filter(
    ({ name }) =>
      (patterns === undefined || patterns.some((pattern) => pattern === name || matchesGlob(name, pattern))) &&
      !exclude.some((pattern) => pattern === name || matchesGlob(name, pattern)),
  )
}
