import { describeServer } from '../../databases/server-schema.ts'
import type { SourceKind } from '../source-kind.ts'
import { type RedisConfig, redisSchema } from './config.ts'
import { verifyServerCopy } from './drill/verify.ts'
import { examineServer } from './examine.ts'
import { openServerCopy } from './open.ts'
import { planRdbFile } from './restore/plan-restore.ts'

/** All keys of a Redis or Valkey server. */
export const redisSource: SourceKind<RedisConfig> = {
  name: 'redis',
  config: redisSchema,
  describe: (config) => describeServer(config),
  examine: examineServer,
  open: openServerCopy,
  planRestore: planRdbFile,
  verify: verifyServerCopy,
}
