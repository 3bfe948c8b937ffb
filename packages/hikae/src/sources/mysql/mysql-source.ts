import { describeServer } from '../../databases/server-schema.ts'
import type { SourceKind } from '../source-kind.ts'
import { type MysqlConfig, mysqlSchema } from './config.ts'
import { verifyDatabases } from './drill/verify.ts'
import { openDatabases } from './dump/open.ts'
import { examineServer } from './examine.ts'
import { keptDatabases } from './restore/kept.ts'
import { planDatabases } from './restore/plan-restore.ts'
import { settleServer } from './restore/settle.ts'
import { openMysql } from './server/open-mysql.ts'

/** Databases of MySQL and MariaDB: all of one moment, restored beside those that are there. */
export const mysqlSource: SourceKind<MysqlConfig> = {
  name: 'mysql',
  config: mysqlSchema,
  describe: (config) => `${config.databases?.join(', ') ?? 'all databases'} of ${describeServer(config)}`,
  examine: examineServer,
  open: openDatabases,
  planRestore: planDatabases,
  verify: verifyDatabases,
  kept: keptDatabases,
  async settle(config, context) {
    await using mysql = await openMysql(config, context)
    return await settleServer(mysql, config)
  },
}
