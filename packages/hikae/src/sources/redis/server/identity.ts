import type { RedisFacts } from '../facts.ts'
import type { Redis } from './open-redis.ts'
import { RedisError } from './redis-error.ts'

export type Identity = Pick<RedisFacts, 'product' | 'serverVersion' | 'replication'>

/** @throws {RedisError} it is too old, or a replica that has lost its primary */
export async function identityOf(redis: Redis): Promise<Identity> {
  const server = await redis.info('server')
  const valkey = server.get('valkey_version')
  const serverVersion = valkey ?? server.get('redis_version') ?? ''
  if (Number.parseInt(serverVersion) < 6) {
    throw new RedisError(`${redis.name} is Redis ${serverVersion}`, { hint: 'upgrade it to Redis 6 or later' })
  }
  const replication = await redis.info('replication')
  if (replication.get('role') === 'slave' && replication.get('master_link_status') !== 'up') {
    throw new RedisError(`${redis.name} is a replica that is not connected with its primary`, {
      hint: 'save the primary, or see why the replica does not reach it',
    })
  }
  const [id, offset] = [replication.get('master_replid'), Number(replication.get('master_repl_offset'))]
  return {
    product: valkey === undefined ? 'redis' : 'valkey',
    serverVersion,
    replication: id !== undefined && Number.isSafeInteger(offset) ? { id, offset } : null,
  }
}
