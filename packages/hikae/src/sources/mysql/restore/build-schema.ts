import { InputError } from '../../../errors.ts'
import type { SourcePoint } from '../../source-point.ts'
import { type DatabaseFacts, partPath } from '../facts.ts'
import type { Mysql } from '../server/open-mysql.ts'
import { quotedName } from '../sql/quoted.ts'
import { regroupRows } from '../sql/regroup-rows.ts'
import { tablesIn } from './kept-record.ts'

/**
 * Makes a new database with the tables of a point, and makes sure that it has as many rows as were saved. Nothing that names
 * a database is in it: triggers, routines, events and views come when the tables are in their place.
 *
 * @throws {InputError | MysqlError} it is not what was saved; what is made so far stays, to be dropped
 */
export async function buildSchema(
  mysql: Mysql,
  schema: string,
  facts: DatabaseFacts,
  point: SourcePoint,
): Promise<void> {
  const { name, charset, collation } = facts
  const making = `make ${schema}`
  await mysql.feed(`create database ${quotedName(schema)} character set ${charset} collate ${collation};`, making)
  const rows = regroupRows(point.content(partPath(name, 'tables')))
  await mysql.feed(rows, `load ${name} into ${schema}`, { database: schema })
  const [first] = await tableDifferences(mysql, schema, facts)
  if (first !== undefined) {
    throw new InputError(first, {
      hint: 'run `hikae check --read-data` on the repository, and use another recovery point',
    })
  }
}

/** Tables and rows against what the point says, in words. */
async function tableDifferences(mysql: Mysql, schema: string, facts: DatabaseFacts): Promise<string[]> {
  const wanted = Object.entries(facts.tables)
  const doing = `count the rows of ${schema}`
  const names = new Set(await tablesIn(mysql, schema))
  const differences: string[] = []
  for (const sequence of facts.sequences)
    if (!names.has(sequence)) differences.push(`${facts.name} has no sequence ${sequence}`)
  for (const [table, rows] of wanted) {
    if (!names.has(table)) {
      differences.push(`${facts.name} has no table ${table}, which was saved`)
      continue
    }
    const [count] = await mysql.lines(`select count(*) from ${quotedName(schema)}.${quotedName(table)}`, doing)
    if (Number(count) !== rows) differences.push(`${facts.name}.${table} has ${count} rows, where ${rows} were saved`)
  }
  return differences
}
