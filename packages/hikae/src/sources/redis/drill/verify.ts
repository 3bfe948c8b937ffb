import { join } from 'node:path'
import { errorMessage, isKnownError } from '../../../errors.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import type { SourcePoint } from '../../source-point.ts'
import type { KeysAssertion, RedisConfig } from '../config.ts'
import { type RedisFacts, redisFactsOf } from '../facts.ts'
import { writeRdb } from '../restore/write-rdb.ts'
import type { Redis } from '../server/open-redis.ts'
import { startScratchServer } from './scratch-server.ts'

/** Loads the file into a server of its own, and counts what came back. */
export async function verifyServerCopy(
  config: RedisConfig,
  point: SourcePoint,
  context: ReadContext,
): Promise<readonly Finding[]> {
  try {
    const facts = redisFactsOf(point)
    const folder = await context.scratchFolder()
    await writeRdb(point, facts, join(folder, 'dump.rdb'), context.signal)
    await using redis = await startScratchServer(folder, facts, config, context)
    const findings = await countDifferences(redis, facts)
    for (const assertion of config.verify) findings.push(...(await ask(redis, assertion)))
    return findings
  } catch (error) {
    context.signal.throwIfAborted()
    const hint = isKnownError(error) ? error.hint : undefined
    return [{ severity: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) }]
  }
}

/** Keys whose time has come since are gone, rightly; all others have to be there. */
async function countDifferences(redis: Redis, { databases }: RedisFacts): Promise<Finding[]> {
  if (databases === null) return []
  const found = await redis.info('keyspace')
  return databases.flatMap(({ number, keys, expiring }) => {
    const [, all = '0', going = '0'] = /^keys=(\d+),expires=(\d+)/.exec(found.get(`db${number}`) ?? '') ?? []
    const lasting = Number(all) - Number(going)
    if (lasting === keys - expiring && Number(going) <= expiring) return []
    return [
      wrong(
        `database ${number} came back with ${lasting} lasting and ${going} expiring keys, where ${keys - expiring} and at most ${expiring} were saved`,
      ),
    ]
  })
}

async function ask(redis: Redis, { keys, database, min = 0, max = Infinity }: KeysAssertion): Promise<Finding[]> {
  const [said] = await redis.ask(['EVAL', "return #redis.call('KEYS', ARGV[1])", '0', keys], { database })
  const count = Number(said)
  if (count >= min && count <= max) return []
  return [wrong(`${count} keys of database ${database} match ${keys}, where ${min} to ${max} are expected`)]
}

function wrong(message: string): Finding {
  return { severity: 'error', message, hint: 'look at earlier recovery points, and at what has changed since' }
}
