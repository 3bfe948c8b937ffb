import { chmod, chown, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseProcess, type DatabaseServer } from '../database-process.ts'
import { findFreePorts } from '../free-ports.ts'
import { exists } from '../made-once.ts'
import { missingPrograms } from '../requirements.ts'
import { runOk, runProcess } from '../run-process.ts'
import { serviceUser, whyNoServiceUser } from '../service-user.ts'
import { makeTempDir } from '../temp-dir.ts'
import { MYSQL_CLIENT_ARGUMENTS } from './client-arguments.ts'
import { type MysqlKind, type MysqlPrograms, mysqlPrograms } from './programs.ts'
import { dataTemplate, type Root, serverArguments } from './template.ts'

export interface MysqlOptions {
  /** Such as `11.8`, which `script/fetch-program` has fetched; what is installed by default. */
  readonly version?: string
  /** As on the server's command line, without the dashes, such as `log_bin`. */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Where its data lies; a folder of its own by default. Data that is there already is used as it is, which `root` has to
   * open with our password. The server's user must be let into the folders above.
   */
  readonly folder?: string
}

/** A real MariaDB or MySQL, on a Unix socket and on 127.0.0.1. Nobody gets in without the password. */
export interface MysqlServer extends DatabaseServer {
  readonly kind: MysqlKind
  readonly host: string
  readonly port: number
  readonly socket: string
  /** May do everything. */
  readonly user: string
  /** Has characters in it that must be escaped in an address. */
  readonly password: string
  /** Where the clients of the same version are. */
  readonly binDir: string
  readonly dataDir: string
  /** Runs SQL statements one after the other, until one fails. @returns rows as lines, with tabs between columns */
  query(sql: string, options?: { database?: string }): Promise<string>
  /** What the server has logged. */
  log(): Promise<string>
}

const ROOT: Root = { user: 'root', password: 's3cret:of@mysql/%41' }
/** What is lost when the machine loses power does not matter here; what is lost when the server dies does. */
const FAST = { innodb_flush_log_at_trx_commit: '2', sync_binlog: '0' }

const INSTALLED_BY = { mariadb: 'mariadb-server', mysql: 'mysql-server' } as const

export async function whyNoMysqlServer(kind: MysqlKind, version?: string): Promise<string | undefined> {
  if ((await mysqlPrograms(kind, version)) === undefined) {
    if (version === undefined) return `Debian's ${INSTALLED_BY[kind]} is not installed`
    return `no ${kind} ${version}: run script/fetch-program ${kind}-${version}`
  }
  return (await whyNoServiceUser('mysql')) ?? (await missingPrograms('setpriv'))
}

export async function startMysqlServer(kind: MysqlKind, options: MysqlOptions): Promise<MysqlServer> {
  await using started = new AsyncDisposableStack()
  const programs = await mysqlPrograms(kind, options.version)
  if (programs === undefined)
    throw new Error((await whyNoMysqlServer(kind, options.version)) ?? `${kind} has just gone`)
  const owner = await serviceUser('mysql')
  const dir = started.use(await makeTempDir())
  await chmod(dir.path, 0o711)
  const [dataDir, runDir, log] = [options.folder ?? dir.join('data'), dir.join('run'), dir.join('log')]
  await mkdir(runDir)
  await chown(runDir, owner.uid, owner.gid)
  if (!(await exists(join(dataDir, 'ibdata1')))) {
    await mkdir(dataDir, { recursive: true })
    await runOk('cp', ['-a', `${await dataTemplate(programs, owner, ROOT)}/.`, dataDir])
  }
  const [port] = (await findFreePorts(1)) as [number]
  const socket = `${runDir}/socket`
  const settings = {
    ...{ datadir: dataDir, socket, port: `${port}`, bind_address: '127.0.0.1', pid_file: `${runDir}/pid` },
    ...fastSettings(programs),
    ...options.settings,
  }
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const env = { MYSQL_PWD: ROOT.password }
  const client = [...MYSQL_CLIENT_ARGUMENTS, `--socket=${socket}`, `--user=${ROOT.user}`]
  const server = started.use(
    new DatabaseProcess({
      command: [...owner.command, programs.server, ...serverArguments(programs), ...flags],
      log,
      isReady: async () => (await runProcess(programs.client, [...client, '-e', 'select 1'], { env })).exitCode === 0,
      stopSignal: 'SIGTERM',
      endSignal: 'SIGKILL',
    }),
  )
  await server.start()
  const owned = started.move()
  return {
    ...{ kind, host: '127.0.0.1', port, socket, ...ROOT, binDir: dirname(programs.client), dataDir },
    async query(sql, { database } = {}) {
      const args = database === undefined ? client : [...client, `--database=${database}`]
      return (await runOk(programs.client, args, { env, input: sql })).stdout.trimEnd()
    },
    log: () => readFile(log, 'utf8'),
    stop: () => server.stop(),
    kill: () => server.kill(),
    start: () => server.start(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function fastSettings({ kind }: MysqlPrograms): Record<string, string> {
  return kind === 'mysql' ? FAST : { ...FAST, innodb_flush_method: 'nosync' }
}
