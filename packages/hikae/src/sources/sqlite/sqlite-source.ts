import type { SourceKind } from '../source-kind.ts'
import { type SqliteConfig, sqliteSchema } from './config.ts'
import { examineDatabases } from './examine.ts'
import { COMPANIONS, findDatabases } from './find-databases.ts'
import { openDatabases } from './open.ts'
import { keptDatabases } from './restore/kept.ts'
import { planDatabases } from './restore/plan-restore.ts'
import { verifyDatabases } from './verify.ts'

/** SQLite databases: consistent copies while programs write, checked before they count. */
export const sqliteSource: SourceKind<SqliteConfig> = {
  name: 'sqlite',
  config: sqliteSchema,
  describe: ({ path }) => path.join(', '),
  examine: examineDatabases,
  async watched(config, { folder, signal }) {
    const { paths } = await findDatabases(config, folder, signal)
    return paths.flatMap((path) => [path, ...COMPANIONS.map((ending) => path + ending)])
  },
  open: openDatabases,
  planRestore: planDatabases,
  verify: verifyDatabases,
  kept: keptDatabases,
}
