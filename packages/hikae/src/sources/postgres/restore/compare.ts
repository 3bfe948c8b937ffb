import type { DatabaseFacts } from '../facts.ts'
import type { Postgres } from '../server/open-postgres.ts'
import { quotedName, quotedText } from '../server/sql.ts'

const AT_ONCE = 100

type Table = DatabaseFacts['tables'][number]
type Sequence = DatabaseFacts['sequences'][number]

/**
 * Counts every row of a restored database, and compares with what was saved.
 *
 * @returns what differs
 */
export async function compareWithFacts(
  postgres: Postgres,
  database: string,
  { tables, sequences, largeObjects, extensions, ...facts }: DatabaseFacts,
): Promise<readonly string[]> {
  await using session = postgres.session(database)
  const doing = `count what is in ${database}`
  // Rows that only others may see are told as an error, not left out.
  await session.run('set row_security = off; set statement_timeout = 0', doing)
  const differences: string[] = []
  for (const some of inGroups(tables)) {
    const query = some.map((table, at) => `select ${at} as at, count(*) as rows from only ${placeOf(table)}`)
    for (const { at, rows } of await session.ask<{ at: number; rows: number }>(query.join(' union all '), doing)) {
      const { rows: saved, ...table } = some[at] as Table
      if (saved !== null && rows !== saved) {
        differences.push(`${placeOf(table)} had ${saved} rows when it was saved, and has ${rows} now`)
      }
    }
  }
  for (const some of inGroups(sequences)) {
    const query = some.map(
      (one, at) => `select ${at} as at, last_value::text as value, is_called as called from ${placeOf(one)}`,
    )
    const rows = await session.ask<{ at: number; value: string; called: boolean }>(query.join(' union all '), doing)
    for (const { at, value, called } of rows) {
      const saved = some[at] as Sequence
      if (value === saved.value && called === saved.isCalled) continue
      differences.push(`the sequence ${placeOf(saved)} was at ${saved.value} when it was saved, and is at ${value} now`)
    }
  }
  const [objects] = await session.ask<{ n: number }>('select count(*) as n from pg_largeobject_metadata', doing)
  if (facts.content !== 'schema' && objects!.n !== largeObjects) {
    differences.push(`there were ${largeObjects} large objects when it was saved, and are ${objects!.n} now`)
  }
  if (facts.content === 'all' && !facts.isPart) {
    const names = extensions.map(({ name }) => quotedText(name)).join(', ')
    const found = await session.ask<{ name: string }>(
      `select extname as name from pg_extension where extname in (${names === '' ? 'null' : names})`,
      doing,
    )
    const missing = extensions.filter(({ name }) => !found.some((one) => one.name === name))
    differences.push(...missing.map(({ name }) => `the extension ${name} is missing`))
  }
  return differences
}

function placeOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${quotedName(schema)}.${quotedName(name)}`
}

function inGroups<T>(items: readonly T[]): T[][] {
  const groups: T[][] = []
  for (let at = 0; at < items.length; at += AT_ONCE) groups.push(items.slice(at, at + AT_ONCE))
  return groups
}
