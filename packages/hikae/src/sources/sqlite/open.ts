import { join, resolve } from 'node:path'
import { errorMessage, InputError, isKnownError, ProgramError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { OpenSource, ReadContext } from '../source-kind.ts'
import type { SqliteConfig } from './config.ts'
import { type CopiedDatabase, copyFrom, removeCopy } from './copied-database.ts'
import { DatabaseProcess } from './database-process.ts'
import { treeOf } from './entry-tree.ts'
import type { SqliteFacts } from './facts.ts'
import { findDatabases } from './find-databases.ts'

/** More than this is no reference to nothing, but a schema that was never held to. */
const MOST_SAID = 1000

/**
 * Copies every database into the scratch folder, one after the other: each is of one moment, and not all of the same.
 *
 * @throws when not one of them could be copied
 */
export async function openDatabases(config: SqliteConfig, context: ReadContext): Promise<OpenSource> {
  const { folder, signal } = context
  const { paths, findings } = await findDatabases(config, folder, signal)
  if (paths.length === 0) throw inputError(findings[0]!)
  await using undo = new AsyncDisposableStack()
  const { copies, failures } = await copyAll(paths, config, context, undo)
  if (copies.length === 0) throw noneOf(failures)
  const root = await treeOf(copies)
  const patterns = config.path.map((pattern) => resolve(folder, pattern))
  const held = undo.move()
  return {
    paths: patterns,
    excludes: config.exclude,
    root,
    isOfOneMoment: true,
    async finish() {
      const facts: SqliteFacts = {
        sqliteVersion: copies[0]!.sqliteVersion,
        databases: copies.map((copy) => copy.facts),
      }
      return {
        facts,
        findings: [...findings, ...failures.map(findingOf), ...copies.flatMap(damageOf)],
        isEmpty: copies.every(hasNoTable),
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

async function copyAll(
  paths: readonly string[],
  { busyTimeout: busyTimeoutMs, check }: SqliteConfig,
  { env, signal, scratchFolder, log }: ReadContext,
  undo: AsyncDisposableStack,
): Promise<{ copies: CopiedDatabase[]; failures: Error[] }> {
  const scratch = await scratchFolder()
  const copies: CopiedDatabase[] = []
  const failures: Error[] = []
  for (const [number, path] of paths.entries()) {
    const copy = join(scratch, `${number + 1}.db`)
    undo.defer(() => removeCopy(copy))
    // One process for each: a damaged database that crashes it takes no other along.
    await using database = new DatabaseProcess(env, signal)
    try {
      const copied = await copyFrom(database, path, { copy, busyTimeoutMs, check })
      copies.push(copied)
      log(summary(copied))
    } catch (error) {
      signal.throwIfAborted()
      failures.push(error instanceof ProgramError ? error : inputErrorAbout(path, error))
    }
  }
  return { copies, failures }
}

function summary({ path, facts, entry }: CopiedDatabase): string {
  const tables = Object.keys(facts.tables).length + facts.tablesLeftOut
  const { foreignKeyViolations: violations } = facts
  const dangling =
    violations === null || violations === 0
      ? ''
      : `; warning: ${violations >= MOST_SAID ? `${MOST_SAID} or more` : violations} rows refer to rows that are not there`
  return `copied ${path}: ${entry.metadata.size} bytes, ${tables} tables${tables === 0 ? ', so it is empty' : ''}${dangling}`
}

/** A damaged database is saved: its good rows are worth having, and an older point may have none of them. */
function damageOf({ path, facts }: CopiedDatabase): Finding[] {
  const [first] = facts.damage
  if (first !== undefined) {
    return [
      {
        severity: 'error',
        message: `${path} is damaged: ${first}`,
        hint: 'restore it from an earlier point. This snapshot has it as it is; `sqlite3 FILE .recover` saves what can still be read',
      },
    ]
  }
  if (facts.unchecked === null) return []
  return [
    {
      severity: 'warning',
      message: `${path} was saved, but could not be checked: ${facts.unchecked}`,
      hint: 'it needs what only its application has. Say check: none in the stack file to save it without a check',
    },
  ]
}

function hasNoTable({ facts }: CopiedDatabase): boolean {
  return Object.keys(facts.tables).length === 0 && facts.damage.length === 0
}

function findingOf(error: Error): Finding {
  const hint = isKnownError(error) ? error.hint : undefined
  return { severity: 'error', message: error.message, ...(hint === undefined ? {} : { hint }) }
}

function noneOf(failures: readonly Error[]): Error {
  const [first] = failures
  if (failures.length === 1) return first!
  const hint = findingOf(first!).hint
  return new InputError(`none of ${failures.length} databases could be copied, the first of them: ${first!.message}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: new AggregateError(failures),
  })
}

function inputError({ message, hint }: Finding): InputError {
  return new InputError(message, hint === undefined ? {} : { hint })
}

function inputErrorAbout(path: string, error: unknown): InputError {
  return new InputError(`${path} cannot be copied: ${errorMessage(error)}`, {
    hint: 'see whether Hikae may read it, and whether there is room for a copy',
    cause: error,
  })
}
