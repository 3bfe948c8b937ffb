import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clientsOnHost } from '../../../databases/clients-on-host.ts'
import { makeSocketFolder } from '../../../databases/socket-folder.ts'
import { startProgram } from '../../../process/program.ts'
import type { ReadContext } from '../../source-kind.ts'
import { type RedisConfig, redisSchema } from '../config.ts'
import type { RedisFacts } from '../facts.ts'
import { openRedis, type Redis } from '../server/open-redis.ts'
import { RedisError } from '../server/redis-error.ts'

const SERVERS = { redis: ['redis-server', 'valkey-server'], valkey: ['valkey-server', 'redis-server'] } as const
const FOLDERS = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin']
const LOOK_MS = 100

/**
 * A server of this host with the keys of `dump.rdb` in a folder, which nobody else can reach and which writes nothing;
 * disposing ends it.
 *
 * @throws {RedisError} there is none, or it does not load the file
 */
export async function startScratchServer(
  folder: string,
  { product, databases }: RedisFacts,
  config: RedisConfig,
  context: ReadContext,
): Promise<Redis> {
  await using starting = new AsyncDisposableStack()
  const own = config.programs === undefined ? [] : [resolve(context.folder, config.programs)]
  const program = await clientsOnHost(context.env).find(SERVERS[product], [...own, ...FOLDERS])
  if (program === undefined) {
    throw new RedisError(`there is no ${SERVERS[product][0]} on this host to try the file with`, {
      hint: 'install it (it need not run), or name its folder in `programs` of the source',
    })
  }
  const { path } = starting.use(await makeSocketFolder())
  const socket = join(path, 'socket')
  const most = Math.max(15, ...(databases ?? []).map(({ number }) => number))
  const running = starting.use(
    startProgram(
      [
        ...[program, '--port', '0', '--unixsocket', socket, '--unixsocketperm', '700', '--dir', folder],
        ...['--dbfilename', 'dump.rdb', '--save', '', '--appendonly', 'no', '--databases', `${most + 1}`],
      ],
      { signal: context.signal, env: context.env, cwd: folder },
    ),
  )
  const log: string[] = []
  let isOver = false
  void readLog(running.stdout, log)
    .catch(() => undefined) // it is cut off when we end the server
    .finally(() => (isOver = true))
  const there = redisSchema.parse({ socket, ...(config.programs === undefined ? {} : { programs: config.programs }) })
  const redis = starting.use(await openRedis(there, context))
  while (!(await answers(redis))) {
    if (isOver) {
      throw new RedisError(`${program} does not load the file: ${log.join('; ')}`, {
        hint: 'a file of a later version needs a server of that version or later, with the same modules: name its folder in `programs`',
      })
    }
    await sleep(LOOK_MS, undefined, { signal: context.signal })
  }
  const owned = starting.move()
  return { ...redis, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Its last lines of trouble. */
async function readLog(stdout: AsyncIterable<Uint8Array>, log: string[]): Promise<void> {
  for await (const part of stdout) {
    const lines = Buffer.from(part).toString().split('\n')
    log.push(...lines.filter((line) => / # /.test(line)).map((line) => line.replace(/^.* # /, '')))
    log.splice(0, log.length - 5)
  }
}

async function answers(redis: Redis): Promise<boolean> {
  try {
    const [said] = await redis.ask(['PING'])
    return said === 'PONG'
  } catch {
    redis.signal.throwIfAborted()
    return false // not there yet, or loading
  }
}
