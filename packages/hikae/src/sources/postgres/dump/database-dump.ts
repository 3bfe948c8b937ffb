import type { FileEntry } from '@hikae/engine'
import { madeFile } from '../../made-entry.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { PostgresConfig } from '../config.ts'
import { type DatabaseFacts, type DatabaseSettings, latin1 } from '../facts.ts'
import { fileNameOf } from '../names.ts'
import { type DatabaseRow, readSettings } from '../server/database-row.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { PostgresError, postgresError } from '../server/postgres-error.ts'
import { connectionTo } from '../server/sql.ts'
import type { SqlSession } from '../server/sql-session.ts'
import { ArchiveCheck, type CheckedArchive, checkedArchive } from './archive-check.ts'
import { sequencesIn, tablesIn } from './archive-counts.ts'

type Choice = Pick<PostgresConfig, 'content' | 'schemas' | 'tables' | 'lockTimeout'>

/** What a database was when its moment was fixed. */
interface Moment {
  readonly snapshot: string
  readonly moment: string
  readonly lsn: string | null
}

/** One database whose moment is fixed: a connection that stays open exports the snapshot that pg_dump reads. */
export class DatabaseDump implements AsyncDisposable {
  readonly name: string
  readonly entry: FileEntry
  readonly settings: DatabaseSettings
  readonly #row: DatabaseRow
  readonly #choice: Choice
  readonly #moment: Moment
  readonly #extensions: DatabaseFacts['extensions']
  readonly #owned: AsyncDisposableStack
  #checked: CheckedArchive | undefined

  private constructor(
    row: DatabaseRow,
    postgres: Postgres,
    choice: Choice,
    context: ReadContext,
    fixed: Fixed,
    owned: AsyncDisposableStack,
  ) {
    this.name = row.name
    this.settings = fixed.settings
    this.#row = row
    this.#choice = choice
    this.#moment = fixed.moment
    this.#extensions = fixed.extensions
    this.#owned = owned
    const open = (signal: AbortSignal): AsyncIterable<Uint8Array> => this.#read(postgres, context, signal)
    this.entry = madeFile(latin1(`${fileNameOf(row.name)}.dump`), { kind: 'stream', open }, { chunks: 'fine' })
  }

  static async open(row: DatabaseRow, postgres: Postgres, choice: Choice, context: ReadContext): Promise<DatabaseDump> {
    await using opening = new AsyncDisposableStack()
    const settings = await readSettings(postgres, row.name)
    const session = opening.use(postgres.session(row.name))
    const moment = await fixMoment(session, row.name, postgres.version.major)
    const extensions = await session.ask<DatabaseFacts['extensions'][number]>(
      `select extname as name, extversion as version, nspname as schema
      from pg_extension e join pg_namespace n on n.oid = extnamespace order by extname collate "C"`,
      `ask for the extensions of ${row.name}`,
    )
    return new DatabaseDump(row, postgres, choice, context, { settings, moment, extensions }, opening.move())
  }

  /** @throws {PostgresError} it was not read to its end */
  facts(): DatabaseFacts {
    const checked = this.#checked
    if (checked === undefined) throw new PostgresError(`the database ${this.name} was not read to its end`)
    const { content, schemas, tables } = this.#choice
    return {
      name: this.name,
      path: `/${fileNameOf(this.name)}.dump`,
      size: this.#row.size,
      bytes: checked.bytes,
      content,
      isPart: [schemas, tables].some((one) => one !== undefined && one.include.length + one.exclude.length > 0),
      moment: this.#moment.moment,
      lsn: this.#moment.lsn,
      settings: this.settings,
      extensions: this.#extensions,
      tables: tablesIn(checked),
      sequences: sequencesIn(checked),
      largeObjects: checked.largeObjects,
    }
  }

  async *#read(postgres: Postgres, context: ReadContext, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const doing = `dump the database ${this.name}`
    const words: string[] = []
    await using running = await postgres.start('pg_dump', this.#arguments(), {
      signal: AbortSignal.any([signal, context.signal]),
      onComplaint(line) {
        words.push(line)
        if (words.length > 20) words.shift()
        context.log(line)
      },
    })
    const check = new ArchiveCheck()
    try {
      yield* checkedArchive(running.stdout, check)
      await running.succeeded()
    } catch (error) {
      throw postgresError(doing, withWords(error, words))
    }
    this.#checked = verdict(check, this.name)
    context.log(
      `dumped ${this.name}: ${this.#checked.bytes} bytes, ${tablesIn(this.#checked).length} tables, as of ${this.#moment.moment}`,
    )
  }

  #arguments(): string[] {
    const { content, schemas, tables, lockTimeout } = this.#choice
    return [
      ...['--format=custom', '--compress=0', '--no-password', `--lock-wait-timeout=${lockTimeout}`],
      `--snapshot=${this.#moment.snapshot}`,
      ...(content === 'all' ? [] : [`--${content}-only`]),
      ...(schemas?.include ?? []).map((pattern) => `--schema=${pattern}`),
      ...(schemas?.exclude ?? []).map((pattern) => `--exclude-schema=${pattern}`),
      ...(tables?.include ?? []).map((pattern) => `--table=${pattern}`),
      ...(tables?.exclude ?? []).map((pattern) => `--exclude-table=${pattern}`),
      `--dbname=${connectionTo(this.name)}`,
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync()
  }
}

interface Fixed {
  readonly settings: DatabaseSettings
  readonly moment: Moment
  readonly extensions: DatabaseFacts['extensions']
}

async function fixMoment(session: SqlSession, database: string, major: number): Promise<Moment> {
  const doing = `fix the moment of the database ${database}`
  const limits = [
    'statement_timeout',
    'idle_in_transaction_session_timeout',
    ...(major >= 17 ? ['transaction_timeout'] : []),
  ]
  const unlimited = limits.map((name) => `set ${name} = 0`).join('; ')
  await session.run(`${unlimited}; begin isolation level repeatable read read only`, doing)
  const [row] = await session.ask<Moment>(
    `select pg_export_snapshot() as snapshot, to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as moment,
      case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text as lsn`,
    doing,
  )
  return row!
}

function verdict(check: ArchiveCheck, database: string): CheckedArchive {
  try {
    return check.end()
  } catch (error) {
    throw new PostgresError(`the dump of ${database} is not whole: ${(error as Error).message}`, {
      hint: 'run the backup again; when it says so again, run the same pg_dump by hand',
      cause: error,
    })
  }
}

/** What it has complained of on the way is why it failed. */
function withWords(error: unknown, words: readonly string[]): unknown {
  if (words.length > 0 && error instanceof Error) error.message += `: ${words.join('\n')}`
  return error
}
