import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { PostgresConfig } from './config.ts'
import { rightsFindings } from './rights.ts'
import { selectDatabases } from './select-databases.ts'
import { Postgres } from './server/open-postgres.ts'
import { refuseOlderPrograms } from './server/refuse-older.ts'
import { errorMessage, isKnownError } from '../../errors.ts'

/** Connects to every database that is to be saved, and asks what we may read there. */
export async function examineDatabases(config: PostgresConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    await using postgres = await Postgres.open(config, context)
    const findings: Finding[] = []
    const major = await refuseOlderPrograms(postgres, 'pg_dump')
    const { version, server } = postgres
    if (major > version.major) {
      findings.push({
        severity: 'warning',
        message: `pg_dump ${server.clients.place} is of version ${major}, and the server of version ${version.major}: programs of version ${version.major} may not be able to restore its dumps`,
        hint: `install postgresql-client-${version.major}, or say container: or programs: in the stack file`,
      })
    }
    for (const { name } of await selectDatabases(config, postgres)) {
      findings.push(...(await rightsFindings(postgres, name)))
    }
    findings.push(...(await globalsFindings(config, postgres)))
    return findings
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    return [{ severity: 'error', message: errorMessage(error), ...hint }]
  }
}

async function globalsFindings({ globals }: PostgresConfig, postgres: Postgres): Promise<Finding[]> {
  if (globals !== 'all') return []
  const [may] = await postgres.ask<{ read: boolean }>(
    "select has_table_privilege('pg_authid', 'select') as read",
    'ask whether passwords of roles may be read',
  )
  if (may!.read) return []
  return [
    {
      severity: 'error',
      message: `${postgres.user} may not read the hashes of passwords, which belong to the roles`,
      hint: `\`grant pg_read_all_data to ${postgres.user}\` (PostgreSQL 14 and later), or say globals: no-passwords`,
    },
  ]
}
