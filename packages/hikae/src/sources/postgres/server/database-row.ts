import type { DatabaseSettings } from '../facts.ts'
import type { Postgres } from './open-postgres.ts'
import { quotedName, quotedText } from './sql.ts'

/** A database as the server lists it. */
export interface DatabaseRow {
  readonly name: string
  readonly isTemplate: boolean
  readonly allowsConnections: boolean
  /** Bytes; null where we may not know. */
  readonly size: number | null
}

/** All databases, by name. */
export async function listDatabases(postgres: Postgres): Promise<readonly DatabaseRow[]> {
  return await postgres.ask<DatabaseRow>(
    `select datname as name, datistemplate as "isTemplate", datallowconn as "allowsConnections",
      case when datallowconn and has_database_privilege(oid, 'connect') then pg_database_size(oid) end as size
    from pg_database order by datname collate "C"`,
    'ask the server for its databases',
  )
}

/** What belongs to a database and is not in it: everything that a new one in its place has to be given. */
export async function readSettings(postgres: Postgres, database: string): Promise<DatabaseSettings> {
  const { major } = postgres.version
  const newer = { provider: 'datlocprovider', locale: major >= 17 ? 'datlocale' : 'daticulocale' }
  const { provider, locale } = major >= 15 ? newer : { provider: "'c'", locale: 'null::text' }
  const name = quotedText(database)
  const doing = `ask for the settings of the database ${database}`
  const [row] = await postgres.ask<Omit<DatabaseSettings, 'statements'>>(
    `select pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding, datcollate as collate,
      datctype as ctype, ${provider} as provider, ${locale} as locale, datconnlimit as "connectionLimit",
      spcname as tablespace, shobj_description(d.oid, 'pg_database') as comment
    from pg_database d join pg_tablespace t on t.oid = dattablespace where datname = ${name}`,
    doing,
  )
  const set = await postgres.ask<{ role: string | null; setting: string }>(
    `select rolname as role, setting
    from pg_db_role_setting s join pg_database d on d.oid = setdatabase left join pg_roles r on r.oid = setrole,
      unnest(setconfig) setting
    where datname = ${name} order by rolname collate "C" nulls first, setting collate "C"`,
    doing,
  )
  const grants = await postgres.ask<{ grantee: string | null; right: string; isGrantable: boolean }>(
    `select case when grantee <> 0 then pg_get_userbyid(grantee) end as grantee, privilege_type as right,
      is_grantable as "isGrantable"
    from pg_database, aclexplode(datacl) where datname = ${name} order by 1 nulls first, 2`,
    doing,
  )
  return { ...row!, statements: [...(await revoked(postgres, name, doing)), ...grants.map(grant), ...set.map(setting)] }
}

type Statement = DatabaseSettings['statements'][number]

/** Without a list of rights, those of every new database hold. */
async function revoked(postgres: Postgres, name: string, doing: string): Promise<Statement[]> {
  const rows = await postgres.ask(`select 1 from pg_database where datname = ${name} and datacl is not null`, doing)
  return rows.length === 0 ? [] : [{ before: 'revoke all on database ', after: ' from public' }]
}

function grant({ grantee, right, isGrantable }: { grantee: string | null; right: string; isGrantable: boolean }) {
  const whom = grantee === null ? 'public' : quotedName(grantee)
  return {
    before: `grant ${right.toLowerCase()} on database `,
    after: ` to ${whom}${isGrantable ? ' with grant option' : ''}`,
  }
}

/** Their value is a list of names, each quoted where it has to be. */
const LISTS: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'temp_tablespaces',
])

function setting({ role, setting: text }: { role: string | null; setting: string }): Statement {
  const [name, value] = splitAt(text, text.indexOf('='))
  const isList = LISTS.has(name.toLowerCase()) && value !== '' && value !== '""'
  const said = isList ? value : quotedText(value === '""' && LISTS.has(name.toLowerCase()) ? '' : value)
  const parameter = name.split('.').map(quotedName).join('.')
  const before = role === null ? 'alter database ' : `alter role ${quotedName(role)} in database `
  return { before, after: ` set ${parameter} to ${said}` }
}

function splitAt(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at + 1)]
}

/** As a script for a database of that name, that is there already. */
export function settingsScript(name: string, { connectionLimit, comment, statements }: DatabaseSettings): string {
  const quoted = quotedName(name)
  const lines = [
    ...(connectionLimit === -1 ? [] : [`alter database ${quoted} connection limit ${connectionLimit}`]),
    ...(comment === null ? [] : [`comment on database ${quoted} is ${quotedText(comment)}`]),
    ...statements.map(({ before, after }) => `${before}${quoted}${after}`),
  ]
  return lines.map((line) => `${line};\n`).join('')
}

/** Makes an empty database that is as the other one was. */
export function createStatement(name: string, settings: DatabaseSettings, major: number): string {
  const { owner, encoding, collate, ctype, tablespace, provider, locale } = settings
  const kinds: Readonly<Record<string, readonly [string, string]>> = {
    i: ['icu', 'icu_locale'],
    b: ['builtin', 'builtin_locale'],
  }
  const [kind, key] = kinds[provider] ?? []
  const other = kind === undefined || major < 15 ? '' : ` locale_provider ${kind} ${key} ${quotedText(locale ?? 'C')}`
  return (
    `create database ${quotedName(name)} template template0 owner ${quotedName(owner)}` +
    ` encoding ${quotedText(encoding)} lc_collate ${quotedText(collate)} lc_ctype ${quotedText(ctype)}${other}` +
    (tablespace === 'pg_default' ? '' : ` tablespace ${quotedName(tablespace)}`)
  )
}
