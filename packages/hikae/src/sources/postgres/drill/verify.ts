import { errorMessage, isKnownError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { SqlAssertion } from '../../sql-assertion.ts'
import type { PostgresConfig } from '../config.ts'
import { ArchiveCheck, checkedArchive } from '../dump/archive-check.ts'
import { type DatabaseFacts, latin1, type PostgresFacts, postgresFactsOf } from '../facts.ts'
import { buildDatabase } from '../restore/build.ts'
import { dropDatabase } from '../restore/drop.ts'
import { createRoles, missingRoles } from '../restore/roles.ts'
import { isMatch } from '../select-databases.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { askAssertion } from './ask-assertion.ts'
import { startScratchServer } from './scratch-server.ts'

/** Restores one database after the other into a throwaway server, counts all rows, and asks the queries. */
export async function verifyDatabases(
  { verify, programs }: PostgresConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<readonly Finding[]> {
  const facts = postgresFactsOf(point)
  const findings: Finding[] = verify
    .filter((assertion) => !facts.databases.some((one) => concerns(assertion, one)))
    .map(({ database, sql }) => wrong(`no database matches ${database}, which ${sql} is to be asked of`))
  await using scratch = await startScratchServer(facts.serverMajor, programs, context)
  await createRoles(await missingRoles(facts, scratch.postgres), point, scratch.postgres, 'left out')
  for (const database of facts.databases) {
    findings.push(...(await verifyOne(database, facts, scratch.postgres, point, verify, context)))
  }
  return findings
}

async function verifyOne(
  facts: DatabaseFacts,
  { globals }: PostgresFacts,
  postgres: Postgres,
  point: SourcePoint,
  assertions: readonly SqlAssertion[],
  context: ReadContext,
): Promise<readonly Finding[]> {
  const { signal } = context
  const building = 'hikae_drill'
  const findings: Finding[] = []
  try {
    if (facts.content === 'data') {
      await followRows(facts, point)
      context.log(`${facts.name}: its rows are whole; without definitions they cannot be restored here`)
      return findings
    }
    const placement = { facts: forScratch(facts, globals), name: facts.name, building }
    const args = ['--no-tablespaces', ...(globals === 'none' ? ['--no-owner', '--no-acl'] : [])]
    await buildDatabase(placement, postgres, point, context, { jobs: 1, signal, args })
    for (const assertion of assertions.filter((one) => concerns(one, facts))) {
      findings.push(...(await askAssertion(assertion, postgres, building, facts.name)))
    }
  } catch (error) {
    signal.throwIfAborted()
    const hint = isKnownError(error) && error.hint !== undefined ? { hint: error.hint } : {}
    findings.push({ ...wrong(`${facts.name} does not come back: ${errorMessage(error)}`), ...hint })
  }
  await dropDatabase(postgres, building)
  return findings
}

/** What belongs to the server that it was on is not there. */
function forScratch(facts: DatabaseFacts, globals: PostgresFacts['globals']): DatabaseFacts {
  const settings = { ...facts.settings, tablespace: 'pg_default' }
  if (globals !== 'none') return { ...facts, settings }
  return { ...facts, settings: { ...settings, owner: 'postgres', statements: [] } }
}

async function followRows({ path }: DatabaseFacts, point: SourcePoint): Promise<void> {
  const check = new ArchiveCheck()
  for await (const bytes of checkedArchive(point.content(latin1(path)), check)) void bytes
  check.end()
}

function concerns({ database }: SqlAssertion, { name }: DatabaseFacts): boolean {
  return database === undefined || isMatch(name, database)
}

function wrong(message: string): Finding {
  return { severity: 'error', message, hint: 'choose another point, and run `hikae check` on the repository' }
}
