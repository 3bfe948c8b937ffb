import { matchesGlob } from 'node:path'
import { errorMessage } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import { describeExpectation, type Expectation, isAsExpected, type SqlAssertion } from '../../sql-assertion.ts'
import type { MysqlConfig } from '../config.ts'
import { type DatabaseFacts, factsOf } from '../facts.ts'
import { buildSchema } from '../restore/build-schema.ts'
import { definitionsOf } from '../restore/definitions-of.ts'
import { createPrograms } from '../restore/programs.ts'
import { listDatabases } from '../server/list-databases.ts'
import type { Mysql } from '../server/open-mysql.ts'
import { quotedName } from '../sql/quoted.ts'
import { startScratchServer } from './scratch-server.ts'

/** Loads every database into a server of its own, under its own name, and looks at what came back. */
export async function verifyDatabases(
  config: MysqlConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<readonly Finding[]> {
  const facts = await factsOf(point)
  const findings: Finding[] = config.verify
    .filter((assertion) => !facts.databases.some((database) => concerns(assertion, database)))
    .map(({ database, sql }) => wrong(`no database matches ${database}, which ${sql} is to be asked of`))
  await using mysql = await startScratchServer(facts, config, context)
  for (const database of facts.databases) findings.push(...(await load(mysql, database, point)))
  // Views may need databases that come after theirs.
  for (const database of facts.databases) {
    findings.push(...(await define(mysql, database, point)))
    findings.push(...(await checkTables(mysql, database)))
  }
  findings.push(...(await definitionDifferences(mysql, facts.databases)))
  for (const database of facts.databases) {
    for (const assertion of config.verify.filter((candidate) => concerns(candidate, database))) {
      findings.push(...(await ask(mysql, database, assertion)))
    }
  }
  return findings
}

async function load(mysql: Mysql, facts: DatabaseFacts, point: SourcePoint): Promise<Finding[]> {
  return await said(mysql, async () => await buildSchema(mysql, facts.name, facts, point))
}

async function define(mysql: Mysql, facts: DatabaseFacts, point: SourcePoint): Promise<Finding[]> {
  return await said(mysql, async () => await createPrograms(mysql, facts.name, await definitionsOf(point, facts)))
}

async function said(mysql: Mysql, work: () => Promise<void>): Promise<Finding[]> {
  try {
    await work()
    return []
  } catch (error) {
    mysql.signal.throwIfAborted()
    return [wrong(errorMessage(error))]
  }
}

async function checkTables(mysql: Mysql, { name, tables }: DatabaseFacts): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const table of Object.keys(tables)) {
    const lines = await mysql.lines(
      `check table ${quotedName(name)}.${quotedName(table)} extended`,
      `check ${name}.${table}`,
    )
    for (const line of lines) {
      const [, , kind, text] = line.split('\t')
      if (kind === 'error' || (kind === 'status' && text !== 'OK')) findings.push(wrong(`${name}.${table}: ${text}`))
    }
  }
  return findings
}

async function definitionDifferences(mysql: Mysql, wanted: readonly DatabaseFacts[]): Promise<Finding[]> {
  const found = new Map((await listDatabases(mysql)).map((database) => [database.name, database]))
  return wanted.flatMap((facts) => {
    const there = found.get(facts.name)
    const counts = (['triggers', 'routines', 'events'] as const).map(
      (kind) => [kind, facts[kind], there?.[kind] ?? 0] as const,
    )
    return [...counts, ['views', facts.views.length, there?.views.length ?? 0] as const]
      .filter(([, before, now]) => before !== now)
      .map(([kind, before, now]) => wrong(`${facts.name} has ${now} ${kind}, where ${before} were saved`))
  })
}

async function ask(mysql: Mysql, { name }: DatabaseFacts, { sql, expect }: SqlAssertion): Promise<Finding[]> {
  try {
    const [line] = await mysql.lines(`use ${quotedName(name)}; ${sql}`, `ask ${sql}`)
    const found = line === undefined ? undefined : valueOf(line.split('\t')[0]!, expect)
    if (isAsExpected(found, expect)) return []
    const answer = found === undefined ? 'has no row' : `gives ${JSON.stringify(found)}`
    return [wrong(`${name}: ${sql} ${answer}, where ${describeExpectation(expect)} is expected`)]
  } catch (error) {
    mysql.signal.throwIfAborted()
    return [wrong(`${name}: ${sql} cannot be asked: ${errorMessage(error)}`)]
  }
}

/** The client prints text: it is taken for what is expected, where it can be. */
function valueOf(text: string, expect: Expectation): string | number | null {
  if (typeof expect === 'string') return text
  if (text === 'NULL') return null
  return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : text
}

function concerns({ database }: SqlAssertion, { name }: DatabaseFacts): boolean {
  return database === undefined || matchesGlob(name, database)
}

function wrong(message: string): Finding {
  return { severity: 'error', message, hint: 'look at the point with `hikae restore --to`, and at the source itself' }
}
