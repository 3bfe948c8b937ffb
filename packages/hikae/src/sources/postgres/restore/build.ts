import { createReadStream } from 'node:fs'
import type { ReadContext } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { createStatement, settingsScript } from '../server/database-row.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { PostgresError } from '../server/postgres-error.ts'
import { connectionTo } from '../server/sql.ts'
import { compareWithFacts } from './compare.ts'
import { feedRestore, fillDatabase } from './fill-database.ts'
import type { Placement } from './placement.ts'

export interface BuildOptions {
  readonly jobs: number
  /** Absolute; for every database, before anybody else sees it. */
  readonly script?: string | undefined
  /** Where definitions are from, when the point has rows only. */
  readonly definitions?: string | undefined
  /** For pg_restore. */
  readonly args?: readonly string[]
  readonly signal: AbortSignal
}

/**
 * Makes a database as it was saved, and compares it.
 *
 * @throws {PostgresError} it is not what was saved: it is to be removed
 */
export async function buildDatabase(
  placement: Placement,
  postgres: Postgres,
  point: SourcePoint,
  context: ReadContext,
  { jobs, script, definitions, args = [], signal }: BuildOptions,
): Promise<void> {
  const { facts, building, items } = placement
  const create = createStatement(building, facts.settings, postgres.version.major)
  await postgres.run(create, `make the database ${building}`)
  const { log } = context
  if (definitions !== undefined) {
    await copyDefinitions(postgres, definitions, building, 'pre-data', { log, signal })
  }
  await fillDatabase(postgres, building, facts, point, context, { items, jobs, args, signal })
  if (definitions !== undefined) {
    await copyDefinitions(postgres, definitions, building, 'post-data', { log, signal })
  }
  const differences = await compareWithFacts(postgres, building, facts)
  if (differences.length > 0) {
    throw new PostgresError(`what came back of ${facts.name} is not what was saved: ${differences.join('; ')}`, {
      hint: 'a trigger or rule may change rows while they are restored; else choose another point',
    })
  }
  const settings = settingsScript(building, facts.settings)
  if (settings !== '') await postgres.feed(settings, `give ${building} the settings of ${facts.name}`, { signal })
  if (script !== undefined) {
    await postgres.feed(createReadStream(script), `run ${script}`, { database: building, signal })
  }
  await postgres.run('analyze', `take statistics of ${building}`, building)
}

async function copyDefinitions(
  postgres: Postgres,
  from: string,
  to: string,
  section: 'pre-data' | 'post-data',
  { log, signal }: Pick<ReadContext, 'log' | 'signal'>,
): Promise<void> {
  const args = ['--format=custom', '--schema-only', `--section=${section}`, '--no-password']
  await using dump = await postgres.start('pg_dump', [...args, `--dbname=${connectionTo(from)}`], { signal })
  const content = async function* (): AsyncGenerator<Uint8Array> {
    yield* dump.stdout
    await dump.succeeded()
  }
  await feedRestore(postgres, to, content(), { log, signal })
}
