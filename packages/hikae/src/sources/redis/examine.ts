import { errorMessage, isKnownError } from '../../errors.ts'
import type { Finding } from '../finding.ts'
import type { SourceContext } from '../source-kind.ts'
import type { RedisConfig } from './config.ts'
import { identityOf } from './server/identity.ts'
import { openRedis } from './server/open-redis.ts'
import { readSettings } from './server/settings.ts'

/** Connects, and asks what a backup asks except for the copy. */
export async function examineServer(config: RedisConfig, context: SourceContext): Promise<readonly Finding[]> {
  try {
    await using redis = await openRedis(config, context)
    await identityOf(redis)
    if (config.settings) await readSettings(redis)
    const cluster = (await redis.info('cluster')).get('cluster_enabled')
    if (cluster !== '1') return []
    return [
      {
        severity: 'warning',
        message: `${redis.name} is a node of a cluster: only the keys of its own slots are saved`,
        hint: 'make a source for each primary',
      },
    ]
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    return [{ severity: 'error', message: errorMessage(error), ...hint }]
  }
}
