import { setTimeout as sleep } from 'node:timers/promises'
import { listDatabases } from '../server/database-row.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { PostgresError } from '../server/postgres-error.ts'
import { quotedName, quotedText } from '../server/sql.ts'

export interface Rename {
  readonly from: string
  readonly to: string
}

const PAUSE_MS = 50

/**
 * Renames databases in one transaction: all of it is done, or nothing, wherever we are killed. While it waits for them, the
 * server lets nobody in; who is connected is sent away.
 *
 * @throws {PostgresError} nothing was renamed
 */
export async function exchange(postgres: Postgres, renames: readonly Rename[]): Promise<void> {
  const names = renames.map(({ from }) => from)
  const doing = `put ${renames.map(({ to }) => to).join(', ')} in place`
  const place = await placeBeside(postgres, names)
  await refusePrepared(postgres, names)
  await using others = postgres.session(place)
  const statements = renames.map(({ from, to }) => `alter database ${quotedName(from)} rename to ${quotedName(to)}`)
  const state = { isOver: false }
  const renaming = postgres
    .run(`begin; set local lock_timeout = '30s'; ${statements.join('; ')}; commit`, doing, place)
    .finally(() => (state.isOver = true))
  renaming.catch(() => undefined) // it is awaited below
  const sendAway = `select pg_terminate_backend(pid) from pg_stat_activity
    where datname in (${names.map(quotedText).join(', ')}) and pid <> pg_backend_pid()`
  while (!state.isOver) {
    await others.ask(sendAway, doing)
    await Promise.race([renaming.catch(() => undefined), sleep(PAUSE_MS)])
  }
  await renaming
}

/** Nobody can rename the database that he is connected to. */
async function placeBeside(postgres: Postgres, names: readonly string[]): Promise<string> {
  const there = (await listDatabases(postgres)).filter(({ allowsConnections }) => allowsConnections)
  const place = [postgres.maintenance, 'postgres', 'template1', ...there.map(({ name }) => name)].find(
    (name) => !names.includes(name) && there.some((row) => row.name === name),
  )
  if (place !== undefined) return place
  throw new PostgresError('there is no other database to connect to meanwhile', {
    hint: 'create one, and say maintenanceDatabase: with its name',
  })
}

async function refusePrepared(postgres: Postgres, names: readonly string[]): Promise<void> {
  const list = names.map(quotedText).join(', ')
  const [first] = await postgres.ask<{ gid: string; database: string }>(
    `select gid, database from pg_prepared_xacts where database in (${list})`,
    'look for prepared transactions',
  )
  if (first === undefined) return
  throw new PostgresError(`the database ${first.database} has a prepared transaction: ${first.gid}`, {
    hint: 'commit or roll it back (`rollback prepared`), then restore again',
  })
}
