import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { DatabaseProcess, type DatabaseServer } from './database-process.ts'
import { findFreePorts } from './free-ports.ts'
import { redisCliOptions, type RedisCommandOptions } from './redis/redis-cli.ts'
import { redisPrograms } from './redis/programs.ts'
import { missingPrograms } from './requirements.ts'
import { runOk, runProcess } from './run-process.ts'
import { serviceUser, whyNoServiceUser } from './service-user.ts'
import { makeTempDir } from './temp-dir.ts'

export type { RedisCommandOptions }

export interface RedisOptions {
  /** Such as `valkey-8.1`, which `script/fetch-program` has fetched; Debian's Redis by default. */
  readonly version?: string
  readonly appendonly?: boolean
  /** Users besides `default`, such as `backup on >secret +ping +psync`. */
  readonly acl?: readonly string[]
  /** Of the user `default`; one that must be escaped in an address when absent, none when empty. */
  readonly password?: string
  /** Of redis.conf, such as `maxmemory`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where its data lies; a folder of its own by default. The server's user must be let into the folders above. */
  readonly folder?: string
}

/** A real Redis or Valkey, on a Unix socket and on 127.0.0.1. It saves when it is stopped, and loses when it is killed. */
export interface Redis extends DatabaseServer {
  readonly kind: 'redis'
  readonly host: string
  readonly port: number
  readonly socket: string
  readonly user: string
  readonly password: string
  readonly binDir: string
  /** Holds `dump.rdb` and `appendonlydir`. */
  readonly dataDir: string
  readonly configFile: string
  /** One command; an error is thrown. @returns what redis-cli prints of the answer: arrays as lines, nil as nothing */
  command(args: readonly string[], options?: RedisCommandOptions): Promise<string>
  /** What the server has logged. */
  log(): Promise<string>
}

const PASSWORD = 's3cret:of@redis/%41'

/** Why {@link startRedis} cannot work here; undefined when it can. */
export async function whyNoRedis(version?: string): Promise<string | undefined> {
  if ((await redisPrograms(version)) === undefined) {
    return version === undefined
      ? "Debian's redis-server is not installed"
      : `no ${version}: run script/fetch-program ${version}`
  }
  return (await whyNoServiceUser('redis')) ?? (await missingPrograms('setpriv'))
}

/** About 0.1 s. A replica gets its copy at once: by default the server would wait 5 s for others. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  await using started = new AsyncDisposableStack()
  const programs = await redisPrograms(options.version)
  if (programs === undefined) throw new Error((await whyNoRedis(options.version)) ?? 'Redis has just gone')
  const owner = await serviceUser('redis')
  const dir = started.use(await makeTempDir())
  await chmod(dir.path, 0o711)
  const [dataDir, runDir, log] = [options.folder ?? dir.join('data'), dir.join('run'), dir.join('log')]
  for (const folder of [dataDir, runDir]) await mkdir(folder, { recursive: true })
  const [port] = (await findFreePorts(1)) as [number]
  const [socket, configFile] = [`${runDir}/socket`, `${runDir}/redis.conf`]
  const { password = PASSWORD } = options
  const settings = {
    ...{ port: `${port}`, bind: '127.0.0.1', unixsocket: socket, unixsocketperm: '777', dir: quoted(dataDir) },
    ...{ appendonly: options.appendonly ? 'yes' : 'no', 'repl-diskless-sync-delay': '0' },
    ...(password === '' ? {} : { requirepass: quoted(password) }),
    ...options.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
  const users = (options.acl ?? []).map((user) => `user ${user}`)
  await writeFile(configFile, [...lines, ...users, ''].join('\n'))
  await runOk('chown', ['-R', `${owner.uid}:${owner.gid}`, dataDir, runDir])

  const env = { REDISCLI_AUTH: password === '' ? undefined : password }
  const client = ['-s', socket]
  const server = started.use(
    new DatabaseProcess({
      command: [...owner.command, programs.server, configFile],
      log,
      isReady: async () =>
        (await runProcess(programs.client, [...client, ...redisCliOptions(), 'PING'], { env })).stdout.trim() ===
        'PONG',
      stopSignal: 'SIGTERM',
      endSignal: 'SIGKILL',
    }),
  )
  await server.start()
  const owned = started.move()
  return {
    ...{ kind: 'redis', host: '127.0.0.1', port, socket, user: 'default', password },
    ...{ binDir: programs.binDir, dataDir, configFile },
    async command(args, options) {
      return (await runOk(programs.client, [...client, ...redisCliOptions(options), ...args], { env })).stdout.trimEnd()
    },
    log: () => readFile(log, 'utf8'),
    stop: () => server.stop(),
    kill: () => server.kill(),
    start: () => server.start(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** For redis.conf, as a value that may hold spaces. */
function quoted(value: string): string {
  return JSON.stringify(value)
}
