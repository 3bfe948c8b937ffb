import type { DockerEngine } from '../../docker/engine.ts'
import { releaseHeld } from '../../docker/quiesce/release-held.ts'
import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../../sources/finding.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import { engineAt } from '../engine-at.ts'
import {
  forgetMigration,
  lockMigration,
  migrationPath,
  type MigrationRecord,
  migrationsFolder,
  readMigrations,
} from './migration-record.ts'
import { removeMade } from './remove-made.ts'

/**
 * Starts again what migrations that were killed have left stopped on the source.
 *
 * @returns what goes on again (`warning`), and what does not, which is tried again the next time (`error`)
 */
export async function releaseMigrations(context: ReadContext): Promise<readonly Finding[]> {
  return await releaseHeld(context)
}

/** Migrations that were killed, and have left something on the other side. */
export async function unfinishedMigrations({ env }: Pick<ReadContext, 'env'>): Promise<readonly MigrationRecord[]> {
  const folder = await migrationsFolder(env)
  return (await readMigrations(folder)).filter((record) => {
    using lock = lockMigration(folder, record)
    return lock !== undefined
  })
}

/**
 * Removes what killed migrations have left on the other side, where it can be reached. What was whole already stays, and is
 * told of.
 */
export async function removeUnfinished(context: ReadContext): Promise<readonly Finding[]> {
  const folder = await migrationsFolder(context.env)
  const findings: Finding[] = []
  for (const record of await unfinishedMigrations(context)) {
    using lock = lockMigration(folder, record)
    if (lock === undefined) continue
    try {
      await using engine = await engineAt(record.to, context)
      findings.push(await settleOne(engine, record, context))
    } catch (error) {
      context.signal.throwIfAborted()
      findings.push(stillLeft(record, error, migrationPath(folder, record)))
      continue
    }
    await forgetMigration(folder, record)
  }
  return findings
}

async function settleOne(engine: DockerEngine, record: MigrationRecord, { signal }: ReadContext): Promise<Finding> {
  const { what, to, began } = record
  const which = `the migration of ${what} to ${to} of ${began}, which was killed,`
  if (record.isStarting) {
    return {
      severity: 'warning',
      message: `${which} had brought all over and compared it, and was starting it: it stays there as it is`,
      hint: `look there with \`docker ps --all\` whether all runs that should, and start the rest; the source runs too, unless it was to stay stopped`,
    }
  }
  await removeMade(engine, record, signal)
  return { severity: 'warning', message: `${which} has left something there, which is removed now` }
}

function stillLeft({ what, to }: MigrationRecord, error: unknown, path: string): Finding {
  const hint = isKnownError(error) && error.hint !== undefined ? `${error.hint}; ` : ''
  return {
    severity: 'error',
    message: `what a killed migration of ${what} has left at ${to} is still there: ${errorMessage(error)}`,
    hint: `${hint}Hikae tries again the next time; if that engine is gone for good, remove ${path}`,
  }
}
