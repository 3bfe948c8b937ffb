import { InputError } from '../../../errors.ts'
import type { KeptCopy, ReadContext, Restored, RestorePlan } from '../../source-kind.ts'
import { createdBy, forgetCreated } from '../../swap/created-paths.ts'
import type { PostgresConfig } from '../config.ts'
import { databaseStamp, ownDatabaseName, parseOwnName, timeOfDatabaseStamp } from '../names.ts'
import { isMeant, patternsOf } from '../select-databases.ts'
import { type DatabaseRow, listDatabases } from '../server/database-row.ts'
import { Postgres } from '../server/open-postgres.ts'
import { dropDatabase } from './drop.ts'
import { exchange, type Rename } from './exchange.ts'
import { settleRestores } from './settle.ts'

/** A database that was replaced. */
interface KeptDatabase {
  readonly live: string
  readonly kept: string
  readonly size: number | null
}

interface Moment {
  readonly stamp: string
  readonly databases: readonly KeptDatabase[]
}

/** Databases that restores in place have renamed, on the same server. */
export async function keptDatabases(config: PostgresConfig, context: ReadContext): Promise<readonly KeptCopy[]> {
  for (const { message } of await settleRestores(config, context)) context.log(message)
  await using postgres = await Postgres.open(config, context)
  const moments = momentsIn(await listDatabases(postgres), config, postgres)
  return moments.map((moment) => ({
    time: timeOfDatabaseStamp(moment.stamp)!,
    place: moment.databases.map(({ kept }) => kept).join(', '),
    planUndo: (asked) => planUndo(moment, config, asked),
    size: async () => moment.databases.reduce((sum, { size }) => sum + (size ?? 0), 0),
    async remove(asked) {
      await using removing = await Postgres.open(config, asked)
      for (const { kept } of moment.databases) await dropDatabase(removing, kept)
      await forgetCreated(asked, moment.stamp)
    },
  }))
}

/** @returns newest first */
function momentsIn(rows: readonly DatabaseRow[], config: PostgresConfig, postgres: Postgres): readonly Moment[] {
  const patterns = patternsOf(config, postgres)
  const found = rows.flatMap((row) => {
    const own = parseOwnName(row.name)
    if (own?.state !== 'before') return []
    const candidates = [own.name, ...rows.map(({ name }) => name)]
    const live = candidates.find((name) => ownDatabaseName(name, 'before', own.stamp) === row.name)
    if (live === undefined || !isMeant(live, patterns)) return []
    return [{ stamp: own.stamp, live, kept: row.name, size: row.size }]
  })
  const groups = Map.groupBy(found, ({ stamp }) => stamp)
  return [...groups]
    .toSorted(([one], [other]) => (one < other ? 1 : -1))
    .map(([stamp, databases]) => ({ stamp, databases }))
}

async function planUndo(moment: Moment, config: PostgresConfig, context: ReadContext): Promise<RestorePlan> {
  const { present, created } = await look(moment, config, context)
  const steps = [
    ...moment.databases.map(({ live, kept }) =>
      present.has(live)
        ? `send away who is connected to ${live}, rename it to ${live}_before_<time>, which is kept, and give its name to ${kept}`
        : `give ${kept} the name ${live}, which no database has now`,
    ),
    ...created.map((name) => `rename ${name}, which was not there before, to ${name}_before_<time>`),
  ]
  return {
    steps: steps.length > 1 ? [...steps, 'all of it in one transaction'] : steps,
    apply: (signal) => undo(moment, config, { ...context, signal: AbortSignal.any([context.signal, signal]) }),
  }
}

async function look(moment: Moment, config: PostgresConfig, context: ReadContext) {
  await using postgres = await Postgres.open(config, context)
  const rows = await listDatabases(postgres)
  const present = new Set(rows.map(({ name }) => name))
  const gone = moment.databases.find(({ kept }) => !present.has(kept))
  if (gone) throw new InputError(`${gone.kept} is not there any more`, { hint: 'ask again what is kept' })
  const remembered = await createdBy(context, moment.stamp)
  const own = new Set(moment.databases.map(({ live }) => live))
  const created = remembered
    .map((path) => Buffer.from(path, 'latin1').toString().slice(1))
    .filter((name) => present.has(name) && !own.has(name))
  return { present, created, latest: momentsIn(rows, config, postgres)[0]?.stamp }
}

async function undo(moment: Moment, config: PostgresConfig, context: ReadContext): Promise<Restored> {
  const { present, created, latest } = await look(moment, config, context)
  const last = latest === undefined ? 0 : timeOfDatabaseStamp(latest)!.getTime()
  const stamp = databaseStamp(new Date(Math.max(Date.now(), last + 1000)))
  const away = (name: string): Rename => ({ from: name, to: ownDatabaseName(name, 'before', stamp) })
  const renames = [
    ...moment.databases.flatMap(({ live, kept }) => [
      ...(present.has(live) ? [away(live)] : []),
      { from: kept, to: live },
    ]),
    ...created.map(away),
  ]
  await using postgres = await Postgres.open(config, context)
  await exchange(postgres, renames)
  await forgetCreated(context, moment.stamp)
  const kept = renames.filter(({ to }) => to.endsWith(stamp)).map(({ to }) => to)
  return {
    place: moment.databases.map(({ live }) => live).join(', '),
    ...(kept.length === 0 ? {} : { kept: kept.join(', ') }),
    findings: [],
  }
}
