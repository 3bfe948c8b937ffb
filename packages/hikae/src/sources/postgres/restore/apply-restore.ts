import { errorMessage } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext, Restored } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { bytePath } from '../../swap/byte-path.ts'
import { rememberCreated } from '../../swap/created-paths.ts'
import type { PostgresConfig } from '../config.ts'
import type { DatabaseFacts, PostgresFacts } from '../facts.ts'
import { databaseStamp, ownDatabaseName } from '../names.ts'
import { listDatabases } from '../server/database-row.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { PostgresError } from '../server/postgres-error.ts'
import { buildDatabase } from './build.ts'
import { dropDatabase, dropRoles } from './drop.ts'
import { exchange, type Rename } from './exchange.ts'
import type { Placement } from './placement.ts'
import { createRoles } from './roles.ts'
import { openTarget } from './target.ts'
import { removeUnfinished, type Unfinished, writeUnfinished } from './unfinished.ts'

export interface RestoreWork {
  /** What a killed restore had left was put in order. */
  readonly settled: readonly Finding[]
  readonly wanted: readonly Wanted[]
  /** A key of `restoreTo:`. */
  readonly target: string | undefined
  /** That are not there yet. */
  readonly roles: readonly string[]
  readonly script: string | undefined
  readonly point: SourcePoint
  readonly facts: PostgresFacts
}

interface Wanted {
  readonly facts: DatabaseFacts
  readonly items?: readonly number[]
  /** Undefined for some tables beside the database that they are of. */
  readonly name: string | undefined
  readonly isInPlace: boolean
  /** The database that definitions are from. */
  readonly definitions?: string
}

/** All databases are built and compared before the first one is replaced, and all of them are replaced in one step. */
export async function applyRestore(work: RestoreWork, config: PostgresConfig, context: ReadContext): Promise<Restored> {
  await using postgres = await openTarget(work.target, config, context)
  const present = new Set((await listDatabases(postgres)).map(({ name }) => name))
  const time = new Date()
  const stamp = databaseStamp(time)
  const placements = work.wanted.map((wanted) => ({ ...wanted, ...placementOf(wanted, stamp, present) }))
  const unfinished: Unfinished = {
    version: 1,
    pid: process.pid,
    stamp,
    server: work.target ?? null,
    databases: placements.map(({ building, name, keep }) => ({ building, name, keep: keep ?? null })),
    roles: [...work.roles],
  }
  await writeUnfinished(context, unfinished)
  try {
    await createRoles(work.roles, work.point, postgres, work.target === undefined ? 'kept' : 'left out')
    for (const placement of placements) {
      context.log(`building ${placement.facts.name} as ${placement.building}`)
      await buildDatabase(placement, postgres, work.point, context, {
        jobs: config.jobs,
        script: work.script,
        definitions: placement.definitions,
        signal: context.signal,
      })
    }
    context.signal.throwIfAborted()
    const created = placements.filter(({ keep, isInPlace }) => isInPlace && keep === undefined)
    if (created.length < placements.length) {
      await rememberCreated(
        context,
        stamp,
        created.map(({ name }) => bytePath(`/${name}`)),
      )
    }
    await exchange(postgres, placements.flatMap(renamesOf))
  } catch (error) {
    throw await withoutTraces(error, unfinished, config, context)
  }
  await removeUnfinished(context, unfinished)
  return restoredOf(placements, postgres, work)
}

function placementOf(wanted: Wanted, stamp: string, present: ReadonlySet<string>): Placement {
  const { facts, items, isInPlace } = wanted
  const name = wanted.name ?? ownDatabaseName(facts.name, 'only', stamp)
  return {
    facts,
    name,
    building: ownDatabaseName(name, 'new', stamp),
    ...(items === undefined ? {} : { items }),
    ...(isInPlace && present.has(name) ? { keep: ownDatabaseName(name, 'before', stamp) } : {}),
  }
}

function renamesOf({ name, building, keep }: Placement): Rename[] {
  return [...(keep === undefined ? [] : [{ from: name, to: keep }]), { from: building, to: name }]
}

function restoredOf(placements: readonly Placement[], postgres: Postgres, work: RestoreWork): Restored {
  const kept = placements.flatMap(({ keep }) => (keep === undefined ? [] : [keep]))
  const names = placements.map(({ name }) => name).join(', ')
  const findings: Finding[] = [...work.settled]
  if (work.target !== undefined && work.roles.length > 0) {
    findings.push({
      severity: 'warning',
      message: `roles were made on ${postgres.server.name} without passwords: ${work.roles.join(', ')}`,
      hint: 'give a password to those that have to log in there: `alter role NAME password …`',
    })
  }
  return {
    place: `${names} on ${postgres.server.name}`,
    ...(kept.length === 0 ? {} : { kept: kept.join(', ') }),
    findings,
  }
}

/** Removes what was built: what was in place has not been touched. Also after a stop, over connections of its own. */
async function withoutTraces(
  error: unknown,
  unfinished: Unfinished,
  config: PostgresConfig,
  context: ReadContext,
): Promise<unknown> {
  try {
    const going = { ...context, signal: AbortSignal.timeout(60_000) }
    await using postgres = await openTarget(unfinished.server ?? undefined, config, going)
    for (const { building } of unfinished.databases) await dropDatabase(postgres, building)
    await dropRoles(postgres, unfinished.roles)
    await removeUnfinished(context, unfinished)
    return error
  } catch (second) {
    return new PostgresError(
      `${errorMessage(error)}; and what was built cannot be removed now: ${errorMessage(second)}`,
      {
        hint: 'nothing that was in place was touched; what was built is removed by the next backup or restore of this source',
        cause: new AggregateError([error, second]),
      },
    )
  }
}
