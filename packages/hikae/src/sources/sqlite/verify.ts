import { rm } from 'node:fs/promises'
import { basename, join, matchesGlob } from 'node:path'
import { errorMessage } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { ReadContext } from '../source-kind.ts'
import type { SourcePoint } from '../source-point.ts'
import { describeExpectation, isAsExpected, type SqlAssertion } from '../sql-assertion.ts'
import { compareWithFacts } from './compare-with-facts.ts'
import type { SqliteConfig } from './config.ts'
import { DatabaseProcess } from './database-process.ts'
import { type DatabaseFacts, factsOf, latin1 } from './facts.ts'

/** Brings every database back into the scratch folder, one at a time, checks it, counts its rows and asks the queries. */
export async function verifyDatabases(
  { verify }: SqliteConfig,
  point: SourcePoint,
  { env, signal, scratchFolder }: ReadContext,
): Promise<readonly Finding[]> {
  const { databases } = await factsOf(point)
  const scratch = await scratchFolder()
  const findings: Finding[] = verify
    .filter((assertion) => !databases.some((facts) => concerns(assertion, facts)))
    .map(({ database, sql }) => wrong(`no database matches ${database}, which ${sql} is to be asked of`))
  for (const [number, facts] of databases.entries()) {
    const folder = join(scratch, `${number + 1}`)
    // A process of its own for each: a damaged database may crash it.
    await using database = new DatabaseProcess(env, signal)
    await using undo = new AsyncDisposableStack()
    undo.defer(() => rm(folder, { recursive: true, force: true }))
    await point.writeTo(folder, latin1(facts.path))
    const path = join(folder, basename(facts.path))
    findings.push(...(await examineCopy(database, path, facts, signal)))
    for (const assertion of verify.filter((candidate) => concerns(candidate, facts))) {
      findings.push(...(await ask(database, path, assertion, facts, signal)))
    }
  }
  return findings
}

async function examineCopy(
  database: DatabaseProcess,
  path: string,
  facts: DatabaseFacts,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    return compareWithFacts(await database.run('inspect', { path, check: 'integrity' }), facts)
  } catch (error) {
    signal.throwIfAborted()
    return [wrong(`${facts.path} as it was saved cannot be read: ${errorMessage(error)}`)]
  }
}

async function ask(
  database: DatabaseProcess,
  path: string,
  { sql, expect }: SqlAssertion,
  facts: DatabaseFacts,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const found = await database.run('ask', { path, sql })
    if (isAsExpected(found, expect)) return []
    const answer = found === undefined ? 'has no row' : `gives ${JSON.stringify(found)}`
    return [wrong(`${facts.path}: ${sql} ${answer}, where ${describeExpectation(expect)} is expected`)]
  } catch (error) {
    signal.throwIfAborted()
    return [wrong(`${facts.path}: ${sql} cannot be asked: ${errorMessage(error)}`)]
  }
}

function concerns({ database }: SqlAssertion, { path }: DatabaseFacts): boolean {
  return database === undefined || matchesGlob(path, database) || matchesGlob(basename(path), database)
}

function wrong(message: string): Finding {
  return { severity: 'error', message, hint: 'look at the point with `hikae restore --to`, and at the source itself' }
}
