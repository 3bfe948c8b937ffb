import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ReadContext } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { ArchiveCheck, checkedArchive } from '../dump/archive-check.ts'
import { type DatabaseFacts, latin1 } from '../facts.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { PostgresError, postgresError } from '../server/postgres-error.ts'
import { connectionTo } from '../server/sql.ts'

export interface FillOptions {
  /** Numbers in its table of contents; all of it when absent. */
  readonly items?: readonly number[] | undefined
  readonly jobs: number
  /** For pg_restore. */
  readonly args: readonly string[]
  readonly signal: AbortSignal
}

/** The archive comes as its input, and the list as an argument: pg_restore finds it at a number of its own. */
const WITH_LIST = `
list=$1
shift
exec 4<&0
printf '%s\\n' "$list" | "$@" --use-list=/dev/fd/3 3<&0 <&4 4<&-
`

/**
 * Restores a dump into an empty database; what is damaged is noticed at the latest at its end.
 *
 * @throws {PostgresError}
 */
export async function fillDatabase(
  postgres: Postgres,
  database: string,
  facts: DatabaseFacts,
  point: SourcePoint,
  context: Pick<ReadContext, 'scratchFolder' | 'log'>,
  { items, jobs, args, signal }: FillOptions,
): Promise<void> {
  const check = new ArchiveCheck()
  const content = checkedArchive(point.content(latin1(facts.path)), check)
  const isInFile = jobs > 1 && items === undefined && postgres.server.container === undefined
  if (!isInFile) {
    const through = items === undefined ? [] : ['sh', '-c', WITH_LIST, 'sh', items.join(';\n')]
    await feedRestore(postgres, database, content, { log: context.log, signal }, through, args)
    whole(check, facts)
    return
  }
  const file = join(await context.scratchFolder(), 'dump')
  try {
    await pipeline(content, createWriteStream(file, { mode: 0o600 }), { signal })
    whole(check, facts)
    await restore(postgres, database, [...args, `--jobs=${jobs}`, file], { log: context.log, signal })
  } finally {
    await rm(file, { force: true })
  }
}

type Surroundings = Pick<ReadContext, 'log' | 'signal'>

export async function feedRestore(
  postgres: Postgres,
  database: string,
  stdin: AsyncIterable<Uint8Array>,
  surroundings: Surroundings,
  through: readonly string[] = [],
  args: readonly string[] = [],
): Promise<void> {
  await restore(postgres, database, args, { ...surroundings, stdin }, through)
}

async function restore(
  postgres: Postgres,
  database: string,
  more: readonly string[],
  { log, ...options }: Surroundings & { readonly stdin?: AsyncIterable<Uint8Array> },
  through: readonly string[] = [],
): Promise<void> {
  const args = ['--exit-on-error', '--no-password', `--dbname=${connectionTo(database)}`, ...more]
  await using running = await postgres.start('pg_restore', args, options, through)
  try {
    for await (const bytes of running.stdout) log(Buffer.from(bytes).toString().trimEnd())
    await running.succeeded()
  } catch (error) {
    throw postgresError(`restore into the database ${database}`, error)
  }
}

function whole(check: ArchiveCheck, { name }: DatabaseFacts): void {
  try {
    check.end()
  } catch (error) {
    throw new PostgresError(`the dump of ${name} is damaged: ${(error as Error).message}`, {
      hint: 'choose another point, and run `hikae check` on the repository',
      cause: error,
    })
  }
}
