import type { Entry } from '@hikae/engine'
import type { Finding } from '../finding.ts'
import { madeDirectory, madeFile } from '../made-entry.ts'
import type { OpenSource, ReadContext } from '../source-kind.ts'
import type { RedisConfig } from './config.ts'
import { RDB_PATH, type RedisFacts } from './facts.ts'
import { checkedRdb } from './rdb/checked-rdb.ts'
import { identityOf } from './server/identity.ts'
import { openRedis } from './server/open-redis.ts'
import { RedisError } from './server/redis-error.ts'
import { readSettings } from './server/settings.ts'

/**
 * All keys as an RDB file. The server has fixed their moment when the first bytes come, for which this waits; the rest is
 * read later, and the server keeps it meanwhile.
 */
export async function openServerCopy(config: RedisConfig, context: ReadContext): Promise<OpenSource> {
  await using opening = new AsyncDisposableStack()
  const redis = opening.use(await openRedis(config, context))
  const identity = await identityOf(redis)
  const settings = config.settings ? await readSettings(redis) : undefined
  const running = opening.use(redis.startCopy(context.signal))
  const parts = running.stdout[Symbol.asyncIterator]()
  const first = await parts.next()
  if (first.done === true) {
    await running.succeeded()
    throw new RedisError(`${redis.name} gave no copy`, { hint: 'look at the log of the server' })
  }
  const moment = new Date().toISOString()
  const rdb = checkedRdb(all(first.value, parts))
  const children: Entry[] = [
    madeFile(
      RDB_PATH.slice(1),
      {
        kind: 'stream',
        async *open() {
          yield* rdb
          await running.succeeded()
        },
      },
      { chunks: 'fine' },
    ),
  ]
  if (settings !== undefined) {
    children.push(madeText('acl.txt', settings.users.map((user) => `${user}\n`).join('')))
    children.push(madeText('config.json', `${JSON.stringify(settings.configuration, undefined, 2)}\n`))
  }
  const owned = opening.move()
  return {
    paths: ['/'],
    root: madeDirectory('', () => children),
    isOfOneMoment: true,
    async finish() {
      const { unknown, ...reading } = rdb.result()
      const appendonly = settings?.configuration['appendonly']
      const facts: RedisFacts = {
        ...identity,
        ...reading,
        moment,
        appendonly: appendonly === undefined ? null : appendonly === 'yes',
      }
      const isEmpty = facts.databases?.length === 0
      return { facts, findings: uncertain(redis.name, facts, unknown), isEmpty }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function* all(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

function madeText(name: string, text: string): Entry {
  return madeFile(name, {
    kind: 'stream',
    async *open() {
      yield Buffer.from(text)
    },
  })
}

function uncertain(name: string, { isChecksummed }: RedisFacts, unknown: string | undefined): Finding[] {
  const findings: Finding[] = []
  if (!isChecksummed) {
    findings.push({
      severity: 'warning',
      message: `${name} makes RDB files without a checksum: damage on the way could not be seen`,
      hint: 'set rdbchecksum yes, which is the default',
    })
  }
  if (unknown !== undefined) {
    findings.push({
      severity: 'warning',
      message: `the keys of ${name} could not be counted: the RDB file has ${unknown}`,
      hint: 'a drill (`hikae drill`) loads the file and tells whether it is good',
    })
  }
  return findings
}
