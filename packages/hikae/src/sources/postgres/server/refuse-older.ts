import type { Postgres } from './open-postgres.ts'
import { PostgresError } from './postgres-error.ts'
import type { ProgramName } from './programs.ts'

/**
 * @returns the major version of the program
 * @throws {PostgresError} it is older than the server, which it refuses too
 */
export async function refuseOlderPrograms(postgres: Postgres, name: ProgramName): Promise<number> {
  const major = await postgres.programVersion(name)
  const { clients } = postgres.server
  if (major >= postgres.version.major) return major
  throw new PostgresError(
    `${name} ${clients.place} is of version ${major}, and the server of version ${postgres.version.major}: an older one cannot read a newer server`,
    { hint: `install postgresql-client-${postgres.version.major}, or say container: or programs: in the stack file` },
  )
}
