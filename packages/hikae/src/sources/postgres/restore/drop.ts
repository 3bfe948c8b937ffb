import type { Postgres } from '../server/open-postgres.ts'
import { quotedName } from '../server/sql.ts'

/** Also when somebody is connected to it, where the server can do that. */
export async function dropDatabase(postgres: Postgres, name: string): Promise<void> {
  const force = postgres.version.major >= 13 ? ' with (force)' : ''
  await postgres.run(`drop database if exists ${quotedName(name)}${force}`, `remove the database ${name}`)
}

export async function dropRoles(postgres: Postgres, roles: readonly string[]): Promise<void> {
  for (const role of roles) await postgres.run(`drop role if exists ${quotedName(role)}`, `remove the role ${role}`)
}
