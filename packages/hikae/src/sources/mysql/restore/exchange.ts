import { errorMessage } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import { type Definitions, readDefinitions } from '../dump/definitions.ts'
import { listDatabases } from '../server/list-databases.ts'
import { MysqlError } from '../server/mysql-error.ts'
import type { Mysql } from '../server/open-mysql.ts'
import { builderOf } from '../server/kept-schema-name.ts'
import { quotedName } from '../sql/quoted.ts'
import { workOn } from './at-work.ts'
import { NO_DEFINITIONS } from './definitions-of.ts'
import {
  hasTable,
  type KeptRecord,
  MARK_NEW,
  MARK_SWAPPED,
  OWN_TABLES,
  readRecord,
  tablesIn,
  writeRecord,
} from './kept-record.ts'
import { createPrograms, dropPrograms } from './programs.ts'

export interface Exchange {
  /** Whose tables are replaced; made when it is not there. */
  readonly live: string
  /** A database whose tables replace them, and that is gone afterwards. */
  readonly from: string
  /** A database that is not there yet, for what was in place. */
  readonly kept: string
  readonly stamp: string
  readonly next: Definitions & { readonly charset: string; readonly collation: string }
  readonly lockSeconds: number
}

/** For locks, when what was begun is taken back. */
const PATIENCE_S = 60

/**
 * Puts tables in place of others, all of them in one statement, and makes again what cannot be moved. Interrupted, it is
 * finished or taken back by {@link settleExchange}.
 *
 * @returns findings, and where the old ones are; nowhere when there were none
 */
export async function exchange(
  mysql: Mysql,
  { live, from, kept, stamp, next, lockSeconds }: Exchange,
): Promise<{ readonly kept?: string; readonly findings: readonly Finding[] }> {
  const present = (await listDatabases(mysql)).find(({ name }) => name === live)
  const { charset, collation } = present ?? next
  const definitions = present === undefined ? NO_DEFINITIONS : await readDefinitions(mysql, present)
  using _ = workOn([kept])
  await mysql.feed(
    [
      `create database if not exists ${quotedName(live)} character set ${charset} collate ${collation};`,
      `create database ${quotedName(kept)} character set ${charset} collate ${collation};`,
      '',
    ].join('\n'),
    `make ${kept}, for what is in ${live} now`,
  )
  const record = { database: live, from, state: 'swapping', stamp, charset, collation, definitions, next } as const
  await writeRecord(mysql, kept, record)
  try {
    await mysql.feed(`create table ${quotedName(from)}.${MARK_NEW} (id int) engine = InnoDB;`, `mark ${from}`)
    await dropPrograms(mysql, live, lockSeconds)
    await moveTables(mysql, { live, from, kept, lockSeconds })
  } catch (error) {
    if (!(await isSwapped(mysql, kept, error))) throw error
  }
  return await putInPlace(mysql, kept, lockSeconds)
}

/** An exchange that was interrupted is finished when its tables are in place, and taken back when they are not. */
export async function settleExchange(
  mysql: Mysql,
  kept: string,
  record: KeptRecord,
  lockSeconds: number,
): Promise<Finding> {
  if (await hasTable(mysql, kept, MARK_SWAPPED)) {
    await putInPlace(mysql, kept, lockSeconds)
    return {
      severity: 'warning',
      message: `a restore of ${record.database} was interrupted; it is finished: what was there before is in ${kept}`,
    }
  }
  await putOldBack(mysql, kept, record, lockSeconds)
  return {
    severity: 'warning',
    message: `a restore of ${record.database} was interrupted; it is taken back: ${record.database} is as it was`,
    hint: 'restore it again',
  }
}

async function moveTables(
  mysql: Mysql,
  { live, from, kept, lockSeconds }: Pick<Exchange, 'live' | 'from' | 'kept' | 'lockSeconds'>,
): Promise<void> {
  const path = (schema: string, table: string): string => `${quotedName(schema)}.${quotedName(table)}`
  const old = await tablesIn(mysql, live)
  const coming = (await tablesIn(mysql, from)).filter((table) => !OWN_TABLES.has(table))
  const moves = [
    ...old.map((table) => `${path(live, table)} to ${path(kept, table)}`),
    ...coming.map((table) => `${path(from, table)} to ${path(live, table)}`),
    `${path(from, MARK_NEW)} to ${path(kept, MARK_SWAPPED)}`,
  ]
  await mysql.feed(
    `set lock_wait_timeout = ${lockSeconds};\nrename table\n${moves.join(',\n')};\n`,
    `put the tables of ${from} in place of those of ${live}`,
  )
}

async function putInPlace(
  mysql: Mysql,
  kept: string,
  lockSeconds: number,
): Promise<{ readonly kept?: string; readonly findings: readonly Finding[] }> {
  const record = (await readRecord(mysql, kept))!
  const { database, from, next, definitions } = record
  const findings: Finding[] = []
  await dropPrograms(mysql, database, lockSeconds)
  await mysql.feed(
    `alter database ${quotedName(database)} character set ${next.charset} collate ${next.collation};`,
    `set the character set of ${database}`,
  )
  try {
    await createPrograms(mysql, database, next)
  } catch (error) {
    await mysql.lines('select 1', 'reach the server again') // else it is no trouble of theirs, and is tried again
    findings.push({
      severity: 'error',
      message: `the tables of ${database} are restored, but not all triggers, routines, events and views: ${errorMessage(error)}`,
      hint: `make the others by hand from programs.sql and views.sql of the snapshot, or put back what was there with \`hikae restore --undo\``,
    })
  }
  await mysql.feed(`drop database if exists ${quotedName(from)};`, `drop ${from}, which is empty`)
  const others = (await tablesIn(mysql, kept)).filter((table) => !OWN_TABLES.has(table))
  if (others.length === 0 && definitions.programs === '' && definitions.views === '') {
    await mysql.feed(`drop database ${quotedName(kept)};`, `drop ${kept}, which is empty`)
    return { findings }
  }
  await writeRecord(mysql, kept, { ...record, state: 'kept', next: { ...next, ...NO_DEFINITIONS } })
  return { kept, findings }
}

async function putOldBack(mysql: Mysql, kept: string, record: KeptRecord, lockSeconds: number): Promise<void> {
  const { database, from, definitions } = record
  await dropPrograms(mysql, database, lockSeconds)
  await createPrograms(mysql, database, definitions)
  // What was kept by an earlier restore goes on being kept.
  const drop = builderOf(from) === undefined ? `drop table if exists ${quotedName(from)}.${MARK_NEW};` : dropping(from)
  await mysql.feed(`${drop}\n${dropping(kept)}\n`, `remove what ${database} was to be replaced with`)
}

function dropping(schema: string): string {
  return `drop database if exists ${quotedName(schema)};`
}

/**
 * What was begun is taken back, unless the server has done it all and only its answer was lost.
 *
 * @throws {MysqlError} it cannot be found out, or taken back
 */
async function isSwapped(mysql: Mysql, kept: string, error: unknown): Promise<boolean> {
  try {
    if (await hasTable(mysql, kept, MARK_SWAPPED)) return true
    const record = await readRecord(mysql, kept)
    if (record !== undefined) await putOldBack(mysql, kept, record, PATIENCE_S)
    return false
  } catch (second) {
    throw new MysqlError(
      `${errorMessage(error)}; and what was begun could not be taken back: ${errorMessage(second)}`,
      {
        hint: '`hikae doctor` does it when the server answers again, as does the next backup',
        cause: new AggregateError([error, second]),
      },
    )
  }
}
