import { errorMessage } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import { describeExpectation, isAsExpected, type SqlAssertion } from '../../sql-assertion.ts'
import type { Postgres } from '../server/open-postgres.ts'

/** @param database in which it is asked @param name of it in messages */
export async function askAssertion(
  { sql, expect }: SqlAssertion,
  postgres: Postgres,
  database: string,
  name: string,
): Promise<readonly Finding[]> {
  try {
    await using session = postgres.session(database)
    await session.run('set default_transaction_read_only = on', 'forbid changes')
    const query = `select * from (${sql.replace(/[;\s]+$/, '')}\n) asked limit 1`
    const [row] = await session.ask<Record<string, unknown>>(query, 'ask')
    const found = row === undefined ? undefined : plain(Object.values(row)[0])
    if (isAsExpected(found, expect)) return []
    const answer = found === undefined ? 'has no row' : `gives ${JSON.stringify(found)}`
    return [wrong(`${name}: ${sql} ${answer}, where ${describeExpectation(expect)} is expected`)]
  } catch (error) {
    postgres.signal.throwIfAborted()
    return [wrong(`${name}: ${sql} cannot be asked: ${errorMessage(error).replace(/^cannot ask: /, '')}`)]
  }
}

/** True and false as PostgreSQL's clients print them. */
function plain(value: unknown): string | number | null {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value
  if (typeof value === 'boolean') return value ? 't' : 'f'
  return JSON.stringify(value)
}

function wrong(message: string): Finding {
  return { severity: 'error', message, hint: 'look at the data of that time, or correct the query in the stack file' }
}
