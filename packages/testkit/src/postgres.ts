import { chmod, chown, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseProcess, type DatabaseServer } from './database-process.ts'
import { findFreePorts } from './free-ports.ts'
import { exists } from './made-once.ts'
import { postgresPrograms } from './postgres/programs.ts'
import { PSQL_ARGUMENTS } from './postgres/psql.ts'
import { clusterTemplate, type Superuser } from './postgres/template.ts'
import { missingPrograms } from './requirements.ts'
import { runOk, runProcess } from './run-process.ts'
import { serviceUser, whyNoServiceUser } from './service-user.ts'
import { makeTempDir } from './temp-dir.ts'

export interface PostgresOptions {
  /** Major version, such as `17`; the newest that is installed by default. */
  readonly version?: string
  /** Of postgresql.conf, such as `wal_level`. */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Where its data lies; a folder of its own by default. A cluster that is there already is started as it is, which its
   * superuser `postgres` has to open with our password; otherwise a new one is made there.
   */
  readonly folder?: string
}

/** A real PostgreSQL, on a Unix socket and on 127.0.0.1. Nobody gets in without the password. */
export interface Postgres extends DatabaseServer {
  readonly kind: 'postgres'
  /** Major version. */
  readonly version: string
  readonly host: string
  readonly port: number
  /** Holds `.s.PGSQL.PORT`. */
  readonly socketDir: string
  /** A superuser. */
  readonly user: string
  /** Has characters in it that must be escaped in an address or a password file. */
  readonly password: string
  /** The server's programs, and the clients of the same version. */
  readonly binDir: string
  readonly dataDir: string
  /** Makes clients find the server by the socket, and get in. */
  readonly env: Readonly<Record<string, string>>
  /** Runs SQL statements one after the other, until one fails. @returns rows as lines, with `|` between columns */
  query(sql: string, options?: { database?: string }): Promise<string>
  /** What the server has logged. */
  log(): Promise<string>
}

const SUPERUSER: Superuser = { user: 'postgres', password: 's3cret:of@postgres/%41' }
/** What is lost when the machine loses power does not matter here; what is lost when the server dies does. */
const FAST = { fsync: 'off', jit: 'off' }

/** Why {@link startPostgres} cannot work here; undefined when it can. */
export async function whyNoPostgres(version?: string): Promise<string | undefined> {
  if ((await postgresPrograms(version)) === undefined) {
    if (version === undefined) return "Debian's postgresql is not installed"
    return `no PostgreSQL ${version}: run script/fetch-program postgresql-${version}`
  }
  return (await whyNoServiceUser('postgres')) ?? (await missingPrograms('setpriv', 'install'))
}

/** About 0.5 s, and 1 s more for the first one on a machine. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  await using started = new AsyncDisposableStack()
  const binDir = await postgresPrograms(options.version)
  if (binDir === undefined) throw new Error((await whyNoPostgres(options.version)) ?? 'PostgreSQL has just gone')
  const owner = await serviceUser('postgres')
  const dir = started.use(await makeTempDir())
  await chmod(dir.path, 0o711)
  const [dataDir, socketDir, log] = [options.folder ?? dir.join('data'), dir.join('socket'), dir.join('log')]
  await mkdir(socketDir)
  await chown(socketDir, owner.uid, owner.gid)
  if (!(await exists(join(dataDir, 'PG_VERSION')))) {
    await mkdir(dataDir, { recursive: true })
    await runOk('cp', ['-a', `${await clusterTemplate(binDir, owner, SUPERUSER)}/.`, dataDir])
  }
  const [port] = (await findFreePorts(1)) as [number]
  const env = { PGHOST: socketDir, PGPORT: `${port}`, PGUSER: SUPERUSER.user, PGPASSWORD: SUPERUSER.password }
  const settings = {
    ...{ port: `${port}`, listen_addresses: '127.0.0.1', unix_socket_directories: socketDir, ...FAST },
    ...options.settings,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = started.use(
    new DatabaseProcess({
      command: [...owner.command, join(binDir, 'postgres'), '-D', dataDir, ...flags],
      log,
      isReady: async () => (await runProcess(join(binDir, 'pg_isready'), ['--quiet'], { env })).exitCode === 0,
      stopSignal: 'SIGINT',
      // Killed hard, it would leave its shared memory behind.
      endSignal: 'SIGQUIT',
    }),
  )
  await server.start()
  const version = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim()
  const owned = started.move()
  return {
    ...{ kind: 'postgres', version, host: '127.0.0.1', port, socketDir, ...SUPERUSER, binDir, dataDir, env },
    async query(sql, { database = 'postgres' } = {}) {
      const { stdout } = await runOk(join(binDir, 'psql'), [...PSQL_ARGUMENTS, '-d', database], { env, input: sql })
      return stdout.trimEnd()
    },
    log: () => readFile(log, 'utf8'),
    stop: () => server.stop(),
    kill: () => server.kill(),
    start: () => server.start(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
