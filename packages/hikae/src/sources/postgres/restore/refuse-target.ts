import type { PostgresFacts } from '../facts.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { PostgresError } from '../server/postgres-error.ts'

/** @throws {PostgresError} its server or pg_restore is older than what made the dump */
export async function refuseOlderTarget(
  { serverMajor, programMajor }: PostgresFacts,
  postgres: Postgres,
): Promise<void> {
  const { version, server } = postgres
  if (version.major < serverMajor) {
    throw new PostgresError(
      `the dump is of PostgreSQL ${serverMajor}, and ${server.name} is ${version.major}: an older server does not understand it`,
      { hint: `restore to a server of version ${serverMajor} or later, with restoreTo: and --to` },
    )
  }
  const major = await postgres.programVersion('pg_restore')
  if (major >= programMajor) return
  throw new PostgresError(
    `the dump was made by pg_dump ${programMajor}, and pg_restore ${server.clients.place} is ${major}: an older one cannot read it`,
    { hint: `install postgresql-client-${programMajor}, or say programs: in the stack file` },
  )
}

/** @throws {PostgresError} we may not make databases, or roles that are needed */
export async function refuseWithoutRights(postgres: Postgres, roles: readonly string[]): Promise<void> {
  const [may] = await postgres.ask<{ isSuper: boolean; databases: boolean; roles: boolean }>(
    `select rolsuper as "isSuper", rolcreatedb as databases, rolcreaterole as roles
    from pg_roles where rolname = current_user`,
    'ask what we may do',
  )
  if (may!.isSuper) return
  if (!may!.databases) {
    throw new PostgresError(`${postgres.user} may not make databases on ${postgres.server.name}`, {
      hint: `\`alter role ${postgres.user} createdb\`, or say a superuser with user: for the restore`,
    })
  }
  if (roles.length > 0 && !may!.roles) {
    throw new PostgresError(`${postgres.user} may not make the roles that are missing: ${roles.join(', ')}`, {
      hint: 'make them first, or say a superuser with user: for the restore',
    })
  }
}
