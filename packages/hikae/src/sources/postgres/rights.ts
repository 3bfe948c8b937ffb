import type { Finding } from '../finding.ts'
import type { Postgres } from './server/open-postgres.ts'

interface Refused {
  readonly tables: number
  readonly table: string | null
  readonly secured: number
  readonly secureTable: string | null
  readonly objects: number
}

/** The system's own schemas, and what belongs to an extension, whose tables are saved only where it says so. */
const OWN_TABLES = `
  select c.oid, format('%I.%I', nspname, relname) as name, relrowsecurity as secured, relforcerowsecurity as forced, relowner
  from pg_class c join pg_namespace n on n.oid = relnamespace
  where relkind in ('r', 'p', 'm', 'S') and nspname !~ '^pg_' and nspname <> 'information_schema'
    and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')`

/** What of a database we may not read: then pg_dump refuses all of it. */
export async function rightsFindings(postgres: Postgres, database: string): Promise<Finding[]> {
  const doing = `ask what may be read in the database ${database}`
  const [self] = await postgres.ask<{ isSuper: boolean; bypasses: boolean; lo: string }>(
    `select rolsuper as "isSuper", rolbypassrls as bypasses, current_setting('lo_compat_privileges') as lo
    from pg_roles where rolname = current_user`,
    doing,
    database,
  )
  if (self!.isSuper) return []
  const [refused] = await postgres.ask<Refused>(
    `with own as (${OWN_TABLES}), closed as (select name from own where not has_table_privilege(oid, 'select')),
      guarded as (select name from own where secured and (forced or not pg_has_role(relowner, 'usage')))
    select (select count(*) from closed) as tables, (select min(name) from closed) as table,
      (select count(*) from guarded) as secured, (select min(name) from guarded) as "secureTable",
      (select count(*) from pg_largeobject_metadata where not pg_has_role(lomowner, 'usage')) as objects`,
    doing,
    database,
  )
  const { tables, table, secured, secureTable, objects } = refused!
  const { user } = postgres
  const findings: Finding[] = []
  if (tables > 0) {
    findings.push({
      severity: 'error',
      message: `${user} may not read ${table} of the database ${database}${tables > 1 ? `, nor ${tables - 1} more` : ''}`,
      hint: `\`grant pg_read_all_data to ${user}\` (PostgreSQL 14 and later), or leave it out with tables: exclude:`,
    })
  }
  if (secured > 0 && !self!.bypasses) {
    findings.push({
      severity: 'error',
      message: `${secureTable} of the database ${database} has row security${secured > 1 ? `, as have ${secured - 1} more` : ''}: pg_dump refuses to save what ${user} sees of it`,
      hint: `\`alter role ${user} bypassrls\``,
    })
  }
  if (objects > 0 && self!.lo !== 'on') {
    findings.push({
      severity: 'error',
      message: `the database ${database} has ${objects} large objects of others, which ${user} may not read`,
      hint: `\`alter database NAME set lo_compat_privileges = on\`, or say a superuser with user:`,
    })
  }
  return findings
}
