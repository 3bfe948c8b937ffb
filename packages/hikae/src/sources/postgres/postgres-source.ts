import { describeServer } from '../../databases/server-schema.ts'
import type { SourceKind } from '../source-kind.ts'
import { type PostgresConfig, postgresSchema } from './config.ts'
import { verifyDatabases } from './drill/verify.ts'
import { examineDatabases } from './examine.ts'
import { openDatabases } from './open.ts'
import { keptDatabases } from './restore/kept.ts'
import { planDatabases } from './restore/plan-restore.ts'
import { settleRestores } from './restore/settle.ts'

/** Databases of a PostgreSQL server: each of one moment, with roles and settings, built beside and compared when restored. */
export const postgresSource: SourceKind<PostgresConfig> = {
  name: 'postgres',
  config: postgresSchema,
  describe: (config) =>
    config.databases === undefined
      ? describeServer(config)
      : `${config.databases.join(', ')} on ${describeServer(config)}`,
  examine: examineDatabases,
  open: openDatabases,
  planRestore: planDatabases,
  restoreOptions: ['only', 'script'],
  verify: verifyDatabases,
  settle: settleRestores,
  kept: keptDatabases,
}
