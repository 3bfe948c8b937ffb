import { InputError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext, Restored, RestoreOptions, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { MysqlConfig } from '../config.ts'
import { type DatabaseFacts, factsOf, type MysqlFacts } from '../facts.ts'
import { keptSchema, newSchema, schemaStamp } from '../server/kept-schema-name.ts'
import { listDatabases } from '../server/list-databases.ts'
import { type Mysql, openMysql } from '../server/open-mysql.ts'
import { compareVersions, parseVersion, PRODUCT_NAMES } from '../server/version.ts'
import { quotedName } from '../sql/quoted.ts'
import { workOn } from './at-work.ts'
import { buildSchema } from './build-schema.ts'
import { definitionsOf, namesDatabase, NO_DEFINITIONS } from './definitions-of.ts'
import { exchange } from './exchange.ts'
import { schemataLike } from './kept-record.ts'
import { disableEvents } from './programs.ts'
import { settleServer } from './settle.ts'

interface Placement {
  readonly facts: DatabaseFacts
  /** The database that it is going to be. */
  readonly place: string
  readonly isThere: boolean
}

/** @throws {InputError} the point is of another make, of a later server, or something is in the way */
export async function planDatabases(
  config: MysqlConfig,
  point: SourcePoint,
  { to }: RestoreOptions,
  context: ReadContext,
): Promise<RestorePlan> {
  const facts = await factsOf(point)
  await using mysql = await openMysql(config, context)
  refuseOtherServer(facts, mysql)
  const present = new Set((await listDatabases(mysql)).map(({ name }) => name))
  const placements = facts.databases.map((database) => {
    const place = placeOf(database, to, facts.databases.length)
    return { facts: database, place, isThere: present.has(place) }
  })
  const taken = placements.find(({ isThere }) => to !== undefined && isThere)
  if (taken)
    throw new InputError(`there is a database ${taken.place} already`, { hint: 'name one that is not there yet' })
  return {
    steps: placements.flatMap((placement) => stepsFor(placement, point)),
    async apply(signal) {
      const both = AbortSignal.any([context.signal, signal])
      await using server = await openMysql(config, { ...context, signal: both })
      // What is not to be interrupted: for as long as tables are exchanged, and to tidy up.
      await using calm = await openMysql(config, { ...context, signal: new AbortController().signal })
      for (const { message } of await settleServer(calm, config)) context.log(message)
      return await apply({ server, calm }, placements, point, { config, isCopy: to !== undefined })
    },
  }
}

async function apply(
  { server, calm }: { readonly server: Mysql; readonly calm: Mysql },
  placements: readonly Placement[],
  point: SourcePoint,
  { config, isCopy }: { readonly config: MysqlConfig; readonly isCopy: boolean },
): Promise<Restored> {
  const stamp = await freeStamp(calm, placements)
  const building = placements.map((placement) => ({ ...placement, from: newSchema(placement.place, stamp) }))
  using _ = workOn(building.map(({ from }) => from))
  const findings: Finding[] = []
  const kept: string[] = []
  try {
    for (const { facts, from } of building) await buildSchema(server, from, facts, point)
    for (const { facts, from, place } of building) {
      server.signal.throwIfAborted()
      const { charset, collation } = facts
      const saved = await definitionsOf(point, facts)
      const isReaching = isCopy && place !== facts.name && namesDatabase(saved, facts.name)
      if (isReaching) findings.push(leftOut(facts.name, place))
      const next = { ...(isReaching ? NO_DEFINITIONS : saved), charset, collation }
      const lockSeconds = Math.max(1, Math.ceil(config.lockTimeout / 1000))
      const done = await exchange(calm, { live: place, from, kept: keptSchema(place, stamp), stamp, next, lockSeconds })
      findings.push(...done.findings)
      if (done.kept !== undefined) kept.push(done.kept)
      if (isCopy) await disableEvents(calm, place)
    }
  } finally {
    // After a success they are gone already.
    for (const { from } of building) await calm.feed(`drop database if exists ${quotedName(from)};`, `drop ${from}`)
  }
  const place = placements.map((placement) => placement.place).join(', ')
  return { place, ...(kept.length === 0 ? {} : { kept: kept.join(', ') }), findings }
}

function stepsFor({ facts, place, isThere }: Placement, point: SourcePoint): string[] {
  const rows = Object.values(facts.tables).reduce((sum, count) => sum + count, 0)
  const tables = Object.keys(facts.tables).length
  const build = `load ${facts.name} of ${point.time.toISOString()} (${tables} tables, ${rows} rows) into a new database, and count its rows`
  const programs = `make its ${facts.triggers} triggers, ${facts.routines} routines, ${facts.events} events and ${facts.views.length} views`
  if (!isThere) return [build, `rename its tables into ${place}, which is not there yet`, programs]
  return [
    build,
    `drop triggers, routines, events and views of ${place}, which are kept as statements`,
    `rename all tables of ${place} to ${keptSchema(place, '<time>')}, where they are kept, and the new ones into ${place}, in one statement`,
    programs,
  ]
}

function placeOf({ name }: DatabaseFacts, to: string | undefined, count: number): string {
  if (to === undefined) return name
  if (to.includes('*')) return to.replaceAll('*', name)
  if (count === 1) return to
  throw new InputError(`there are ${count} databases in the point, and one name for them`, {
    hint: "write * where the name of each is to be: `--to '*_copy'`",
  })
}

function refuseOtherServer({ product, serverVersion }: MysqlFacts, { version, server }: Mysql): void {
  const saved = parseVersion(serverVersion)
  const found = `${server.name} is ${PRODUCT_NAMES[version.product]} ${version.text}`
  if (product !== version.product) {
    throw new InputError(`${found}, and the point is of ${PRODUCT_NAMES[product]} ${serverVersion}`, {
      hint: `restore it to a server of ${PRODUCT_NAMES[product]}: their dumps differ`,
    })
  }
  if (compareVersions(saved.numbers, version.numbers) > 0) {
    throw new InputError(`${found}, and the point is of a later version: ${serverVersion}`, {
      hint: 'restore it to a server of that version or a later one',
    })
  }
}

/** A second in which none of these names is taken. */
async function freeStamp(mysql: Mysql, placements: readonly Placement[]): Promise<string> {
  const taken = new Set(await schemataLike(mysql, () => true))
  for (let time = Date.now(); ; time += 1000) {
    const stamp = schemaStamp(new Date(time))
    if (!placements.some(({ place }) => taken.has(keptSchema(place, stamp)))) return stamp
  }
}

function leftOut(name: string, place: string): Finding {
  return {
    severity: 'warning',
    message: `triggers, routines, events and views are not made in ${place}: they name ${name}, and would reach into it`,
    hint: `take programs.sql and views.sql of the snapshot, and change ${name} in them`,
  }
}
