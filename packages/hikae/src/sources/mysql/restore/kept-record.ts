import { hostname } from 'node:os'
import type { Definitions } from '../dump/definitions.ts'
import type { Mysql } from '../server/open-mysql.ts'
import { quotedName, quotedText } from '../sql/quoted.ts'

/** In a database that keeps what was replaced: what of it is no table, and where its exchange stands. */
const RECORD = 'hikae_kept'
/** In what is about to take its place: moved with its tables, in the one statement that moves them all. */
export const MARK_NEW = 'hikae_new'
export const MARK_SWAPPED = 'hikae_swapped'

export const OWN_TABLES: ReadonlySet<string> = new Set([RECORD, MARK_NEW, MARK_SWAPPED])

export interface KeptRecord {
  /** Whose tables are kept. */
  readonly database: string
  /** From where the tables come that replace them. */
  readonly from: string
  readonly state: 'swapping' | 'kept'
  readonly stamp: string
  readonly host: string
  readonly pid: number
  readonly charset: string
  readonly collation: string
  readonly definitions: Definitions
  /** What takes its place; nothing any more when that is done. */
  readonly next: Definitions & { readonly charset: string; readonly collation: string }
}

export async function writeRecord(
  mysql: Mysql,
  schema: string,
  record: Omit<KeptRecord, 'host' | 'pid'>,
): Promise<void> {
  const content = Buffer.from(JSON.stringify({ ...record, host: hostname(), pid: process.pid })).toString('hex')
  const table = `${quotedName(schema)}.${RECORD}`
  await mysql.feed(
    [
      `create table if not exists ${table} (id int primary key, content longblob not null) engine = InnoDB;`,
      `replace into ${table} values (1, 0x${content});`,
      '',
    ].join('\n'),
    `write down in ${schema} what is kept there`,
  )
}

/** @returns undefined for a database that is not what restores keep */
export async function readRecord(mysql: Mysql, schema: string): Promise<KeptRecord | undefined> {
  const doing = `read what is kept in ${schema}`
  if (!(await hasTable(mysql, schema, RECORD))) return undefined
  const [hex] = await mysql.lines(`select hex(content) from ${quotedName(schema)}.${RECORD}`, doing)
  return hex === undefined ? undefined : (JSON.parse(Buffer.from(hex, 'hex').toString()) as KeptRecord)
}

export async function hasTable(mysql: Mysql, schema: string, table: string): Promise<boolean> {
  return (await tablesIn(mysql, schema)).includes(table)
}

/** Tables and sequences, ours included. */
export async function tablesIn(mysql: Mysql, schema: string): Promise<string[]> {
  const rows = await mysql.ask<{ name: string }>(
    `select json_object('name', table_name) from information_schema.tables where table_schema = ${quotedText(schema)} and table_type not like '%VIEW'`,
    `list the tables of ${schema}`,
  )
  return rows.map(({ name }) => name)
}

export async function schemataLike(mysql: Mysql, is: (name: string) => boolean): Promise<string[]> {
  const rows = await mysql.ask<{ name: string }>(
    `select json_object('name', schema_name) from information_schema.schemata`,
    'list the databases',
  )
  return rows.map(({ name }) => name).filter(is)
}
