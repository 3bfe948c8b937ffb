import { hasMigrations } from '../../migration/unfinished/migration-record.ts'
import type { Finding } from '../../sources/finding.ts'
import type { CommandContext } from '../context.ts'
import { migrationContext } from './migration-context.ts'

/**
 * Starts what killed migrations have left stopped, and tells of what they have left on the other side. Costs nothing where
 * nobody ever migrated.
 */
export async function settleMigrations(context: CommandContext): Promise<readonly Finding[]> {
  if (!hasMigrations(context.env)) return []
  const { releaseMigrations, unfinishedMigrations } = await import('../../migration/unfinished/settle-migrations.ts')
  const work = migrationContext(context)
  const left = await unfinishedMigrations(work)
  return [
    ...(await releaseMigrations(work)),
    ...left.map(({ what, to, began }): Finding => ({
      severity: 'warning',
      message: `the migration of ${what} to ${to} of ${began} was killed, and may have left something there`,
      hint: 'the next `hikae migrate` with --from and --to removes it; or run the same one again',
    })),
  ]
}
