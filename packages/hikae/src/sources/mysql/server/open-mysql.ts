import { dirname, resolve } from 'node:path'
import { containerVariable } from '../../../databases/container-variable.ts'
import { openServer, type OpenServer, type Product, type ServerContext } from '../../../databases/open-server.ts'
import type { RunningProgram } from '../../../process/program.ts'
import type { MysqlConfig } from '../config.ts'
import { connectionArguments } from './connection-arguments.ts'
import { MysqlError, mysqlError } from './mysql-error.ts'
import { type MysqlProduct, parseVersion, PRODUCT_NAMES, type ServerVersion } from './version.ts'

const PRODUCT: Product = { name: 'MySQL', protocols: ['mysql', 'mariadb'], port: 3306 }
const CLIENTS = ['mariadb', 'mysql']
const DUMPERS: Readonly<Record<MysqlProduct, readonly string[]>> = {
  mariadb: ['mariadb-dump', 'mysqldump'],
  mysql: ['mysqldump'],
}
/** Rows as lines, nothing of anybody's settings, and nothing in what is read but SQL and `DELIMITER`. */
const BATCH = [
  ...['--batch', '--raw', '--skip-column-names', '--binary-mode', '--default-character-set=utf8mb4'],
  // Else they are taken out of the bodies of triggers and routines.
  '--comments',
]
const ROOT_PASSWORDS = ['MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD']

/** A MySQL or MariaDB that answers. */
export interface Mysql extends AsyncDisposable {
  readonly server: OpenServer
  readonly version: ServerVersion
  readonly signal: AbortSignal
  /** Rows of a query that gives one JSON object in each. */
  ask<Row>(query: string, doing: string): Promise<Row[]>
  /** Lines that statements print. */
  lines(statements: string, doing: string): Promise<string[]>
  /** A script, as dumps are. */
  feed(script: AsyncIterable<Uint8Array> | string, doing: string, options?: FeedOptions): Promise<void>
  /** The dump program of the server's product, and its version. */
  dumper(): Promise<{ readonly program: string; readonly version: string }>
  startDump(args: readonly string[], options: DumpOptions): Promise<RunningProgram>
}

export interface FeedOptions {
  readonly database?: string
  readonly signal?: AbortSignal
}

export interface DumpOptions {
  readonly signal: AbortSignal
  readonly onComplaint?: (line: string) => void
}

/** @throws {MysqlError | DockerError | InputError | UsageError} it cannot be reached, or does not let us in */
export async function openMysql(config: MysqlConfig, context: ServerContext): Promise<Mysql> {
  await using opening = new AsyncDisposableStack()
  const server = opening.use(await openServer(config, PRODUCT, context))
  const { clients } = server
  const { signal } = context
  const folders = config.programs === undefined ? [] : [resolve(context.folder, config.programs)]
  const client = await find(CLIENTS)
  const user = server.user ?? 'root'
  const password =
    server.password ?? (user === 'root' ? await containerVariable(server, ROOT_PASSWORDS, signal) : undefined)
  const variables: Record<string, string> = password === undefined ? {} : { MYSQL_PWD: password }
  const connection = connectionArguments(server, { user, program: await productOf(client) })
  const base = [client, '--no-defaults', ...connection, ...BATCH]

  const run = async (args: readonly string[], doing: string): Promise<string> => {
    try {
      return await clients.run([...base, ...args], { signal, variables })
    } catch (error) {
      throw mysqlError(doing, error)
    }
  }
  const said = await run(['--execute=select version()'], `reach the server (${server.name})`)
  const version = parseVersion(said.trim())
  const owned = opening.move()
  const mysql: Mysql = {
    ...{ server, version, signal },
    async ask<Row>(query: string, doing: string) {
      return (await mysql.lines(query, doing)).map((line) => JSON.parse(line) as Row)
    },
    async lines(statements, doing) {
      const printed = await run([`--execute=${statements}`], doing)
      return printed === '' ? [] : printed.replace(/\n$/, '').split('\n')
    },
    async feed(script, doing, { database, signal: own = signal } = {}) {
      const stdin = typeof script === 'string' ? onePart(script) : script
      const into = database === undefined ? [] : [`--database=${database}`]
      try {
        await clients.run([...base, ...into], { signal: own, variables, stdin })
      } catch (error) {
        throw mysqlError(doing, error)
      }
    },
    async dumper() {
      const program = await find(DUMPERS[version.product])
      const found = await clients.run([program, '--no-defaults', '--version'], { signal })
      if ((/mariadb/i.test(found) ? 'mariadb' : 'mysql') === version.product) return { program, version: found.trim() }
      throw new MysqlError(`${program} ${clients.place} is not of ${PRODUCT_NAMES[version.product]}: ${found.trim()}`, {
        hint: `install the client programs of ${PRODUCT_NAMES[version.product]} ${version.numbers.join('.')}, and name their folder in \`programs\` of the source`,
      })
    },
    async startDump(args, options) {
      const { program } = await mysql.dumper()
      const own = connectionArguments(server, { user, program: version.product })
      return clients.start([program, '--no-defaults', ...own, ...args], { ...options, variables })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
  return mysql

  async function find(programs: readonly string[]): Promise<string> {
    const found: string[] = []
    for (const program of programs) found.push((await clients.find([program], folders)) ?? '')
    const chosen = found.find((path) => folders.includes(dirname(path))) ?? found.find((path) => path !== '')
    if (chosen !== undefined) return chosen
    throw new MysqlError(`there is no ${programs.join(' and no ')} ${clients.place}`, {
      hint: 'install the client programs of the server (mariadb-client or mysql-client), or name their folder in `programs` of the source',
    })
  }

  async function productOf(program: string): Promise<MysqlProduct> {
    return /mariadb/i.test(await clients.run([program, '--no-defaults', '--version'], { signal })) ? 'mariadb' : 'mysql'
  }
}

async function* onePart(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}
