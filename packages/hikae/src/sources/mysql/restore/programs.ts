import type { Definitions } from '../dump/definitions.ts'
import type { Mysql } from '../server/open-mysql.ts'
import { quotedName, quotedText } from '../sql/quoted.ts'

type Program = { readonly kind: string; readonly name: string }

/** What of a database is no table, in the order in which it can be dropped. */
async function programsIn(mysql: Mysql, database: string): Promise<Program[]> {
  const of = quotedText(database)
  const doing = `list what ${database} has beside tables`
  const queries = [
    `select json_object('kind', 'event', 'name', event_name) from information_schema.events where event_schema = ${of}`,
    `select json_object('kind', 'trigger', 'name', trigger_name) from information_schema.triggers where trigger_schema = ${of}`,
    `select json_object('kind', 'view', 'name', table_name) from information_schema.views where table_schema = ${of}`,
    `select json_object('kind', lower(routine_type), 'name', routine_name) from information_schema.routines where routine_schema = ${of}`,
  ]
  const found: Program[] = []
  for (const query of queries) found.push(...(await mysql.ask<Program>(query, doing)))
  return found
}

/** Triggers keep tables from being moved, and none of these can be moved: they are made again afterwards. */
export async function dropPrograms(mysql: Mysql, database: string, lockSeconds: number): Promise<void> {
  const statements = (await programsIn(mysql, database)).map(
    ({ kind, name }) => `drop ${kind} if exists ${quotedName(database)}.${quotedName(name)};\n`,
  )
  if (statements.length === 0) return
  await mysql.feed(
    `set lock_wait_timeout = ${lockSeconds};\n${statements.join('')}`,
    `drop triggers and views of ${database}`,
  )
}

export async function createPrograms(mysql: Mysql, database: string, { programs, views }: Definitions): Promise<void> {
  for (const script of [programs, views]) {
    if (script !== '')
      await mysql.feed(script, `make triggers, routines, events and views of ${database}`, { database })
  }
}

/** Of a copy: its original does what they do. */
export async function disableEvents(mysql: Mysql, database: string): Promise<void> {
  const events = (await programsIn(mysql, database)).filter(({ kind }) => kind === 'event')
  const statements = events.map(({ name }) => `alter event ${quotedName(database)}.${quotedName(name)} disable;\n`)
  if (statements.length > 0) await mysql.feed(statements.join(''), `disable the events of ${database}`)
}
