import { access } from 'node:fs/promises'
import { InputError } from '../../../errors.ts'
import type { ReadContext, RestoreOptions, RestorePlan } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { PostgresConfig } from '../config.ts'
import { latin1, type PostgresFacts, postgresFactsOf } from '../facts.ts'
import { listDatabases } from '../server/database-row.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { applyRestore, type RestoreWork } from './apply-restore.ts'
import { type ChosenPart, chooseParts } from './choose-parts.ts'
import { refuseOlderTarget, refuseWithoutRights } from './refuse-target.ts'
import { missingRoles } from './roles.ts'
import { settleRestores } from './settle.ts'
import { openTarget, parseTarget, type RestoreTarget } from './target.ts'

/** @throws {InputError | PostgresError} it could not be restored there: nothing was touched */
export async function planDatabases(
  config: PostgresConfig,
  point: SourcePoint,
  { to, only, script }: RestoreOptions,
  context: ReadContext,
): Promise<RestorePlan> {
  const facts = postgresFactsOf(point)
  await refuseLost(facts, point)
  if (script !== undefined) await refuseUnreadable(script)
  const settled = await settleRestores(config, context)
  const parts = await chooseParts(facts, only, point)
  const target = to === undefined ? undefined : parseTarget(to, config)
  await using postgres = await openTarget(target?.server, config, context)
  await refuseOlderTarget(facts, postgres)
  const roles = await missingRoles(facts, postgres)
  await refuseWithoutRights(postgres, roles)
  const present = new Set((await listDatabases(postgres)).map(({ name }) => name))
  const wanted = parts.map((part) => ({ ...part, ...placeOf(part, parts, target, present) }))
  const work: RestoreWork = { settled, wanted, target: target?.server, roles, script, point, facts }
  return {
    steps: stepsOf(work, postgres, present),
    apply: (signal) => applyRestore(work, config, { ...context, signal: AbortSignal.any([context.signal, signal]) }),
  }
}

/** @throws {InputError} something is in the way */
function placeOf(
  { facts, items }: ChosenPart,
  parts: readonly ChosenPart[],
  target: RestoreTarget | undefined,
  present: ReadonlySet<string>,
): { readonly name: string | undefined; readonly isInPlace: boolean; readonly definitions?: string } {
  const definitions = definitionsFor(facts.content, facts.name, target, present)
  if (target === undefined && items !== undefined) return { name: undefined, isInPlace: false, ...definitions }
  if (target === undefined) {
    if (facts.isPart && present.has(facts.name)) {
      throw new InputError(
        `the point holds only some schemas or tables of ${facts.name}, and would replace all of it`,
        {
          hint: 'restore it to another database with --to NAME, and take from there what you need',
        },
      )
    }
    return { name: facts.name, isInPlace: true, ...definitions }
  }
  const own = target.name ?? facts.name
  const name = target.name !== undefined && parts.length > 1 ? `${target.name}_${facts.name}` : own
  if (Buffer.byteLength(name) > 63) {
    throw new InputError(`${name} is too long for the name of a database`, { hint: 'choose a shorter one' })
  }
  if (!present.has(name)) return { name, isInPlace: false, ...definitions }
  throw new InputError(`there is a database ${name} already`, {
    hint: 'name one with --to that is not there yet; without --to, the one that is there is kept and replaced',
  })
}

/** Rows alone need tables to go to: those of the database that is there now. */
function definitionsFor(
  content: 'all' | 'data' | 'schema',
  name: string,
  target: RestoreTarget | undefined,
  present: ReadonlySet<string>,
): { readonly definitions?: string } {
  if (content !== 'data') return {}
  if (target?.server === undefined && present.has(name)) return { definitions: name }
  throw new InputError(
    `the point holds the rows of ${name} without definitions, and there is no ${name} to have them from`,
    {
      hint: 'create it with its tables first, as your migrations do; then restore again',
    },
  )
}

function stepsOf(
  { wanted, roles, script, target, point, facts }: RestoreWork,
  postgres: Postgres,
  present: ReadonlySet<string>,
): string[] {
  const where = postgres.server.name
  const of = point.time.toISOString()
  return [
    ...(roles.length === 0
      ? []
      : [
          `make the roles that ${where} does not have${target === undefined || facts.globals === 'no-passwords' ? '' : ', without passwords'}: ${roles.join(', ')}`,
        ]),
    ...wanted.map(({ facts: one, name, items, definitions }) => {
      const what =
        items === undefined
          ? one.name
          : `${one.tables.map((table) => `${table.schema}.${table.name}`).join(', ')} of ${one.name}`
      const from = definitions === undefined ? '' : `, with the definitions that ${definitions} has now`
      return `build ${what} of ${of} as a new database of ${where}${name === undefined ? '' : `, to be called ${name}`}${from}`
    }),
    'count all rows, sequences and large objects, and compare them with what was saved',
    ...(script === undefined ? [] : [`run ${script} in it, before anybody else sees it`]),
    ...wanted.flatMap(({ name, isInPlace }) => {
      if (name === undefined || !isInPlace || !present.has(name)) return []
      return [
        `send away who is connected to ${name}, rename it to ${name}_before_<time>, which is kept, and give its name to the new one: all in one transaction`,
      ]
    }),
  ]
}

/** @throws {InputError} a dump of the list is not in the point */
async function refuseLost({ databases, globals }: PostgresFacts, point: SourcePoint): Promise<void> {
  const files = new Set<string>()
  for await (const { path, type } of point.entries()) if (type === 'file') files.add(path)
  const paths = [...databases.map(({ path }) => path), ...(globals === 'none' ? [] : ['/globals.sql'])]
  const lost = paths.find((path) => !files.has(latin1(path)))
  if (lost === undefined) return
  throw new InputError(`the point lists ${lost}, but does not hold it`, {
    hint: 'choose another point, and run `hikae check` on the repository',
  })
}

async function refuseUnreadable(script: string): Promise<void> {
  try {
    await access(script)
  } catch (error) {
    throw new InputError(`${script} cannot be read`, { hint: 'name a file with SQL statements', cause: error })
  }
}
