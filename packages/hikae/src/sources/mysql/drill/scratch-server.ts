import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clientsOnHost } from '../../../databases/clients-on-host.ts'
import { makeSocketFolder } from '../../../databases/socket-folder.ts'
import { type RunningProgram, runProgram, startProgram } from '../../../process/program.ts'
import type { ReadContext } from '../../source-kind.ts'
import { mysqlSchema, type MysqlConfig } from '../config.ts'
import type { MysqlFacts } from '../facts.ts'
import { MysqlError } from '../server/mysql-error.ts'
import { type Mysql, openMysql } from '../server/open-mysql.ts'
import { compareVersions, parseVersion, PRODUCT_NAMES } from '../server/version.ts'

const SERVERS = { mariadb: 'mariadbd', mysql: 'mysqld' } as const
/** Where packages put servers, which are not on everybody's path. */
const FOLDERS = ['/usr/sbin', '/usr/libexec', '/usr/local/sbin', '/usr/local/bin', '/usr/local/mysql/bin']
const START_MS = 60_000
const LOOK_MS = 100

/** A server of the same product that nobody else can reach, with nothing in it; disposing ends and removes it. */
export async function startScratchServer(
  facts: MysqlFacts,
  config: MysqlConfig,
  context: ReadContext,
): Promise<Mysql & AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  const program = await findServer(facts, config, context)
  const scratch = await context.scratchFolder()
  const data = join(scratch, 'data')
  await mkdir(data, { recursive: true, mode: 0o700 })
  const { signal, env } = context
  const who = process.getuid?.() === 0 ? ['--user=root'] : []
  const base = dirname(dirname(program))
  const own = base === '/usr' ? [] : [`--basedir=${base}`]
  if (facts.product === 'mariadb') {
    const install = join(base, 'bin', 'mariadb-install-db')
    const how = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve']
    await runProgram([install, '--no-defaults', `--datadir=${data}`, ...how, ...own, ...who], {
      signal,
      env,
      cwd: scratch,
    })
  } else {
    const lean = ['--no-defaults', '--initialize-insecure', `--datadir=${data}`]
    await runProgram([program, ...lean, ...own, ...who, ...messagesOf(base)], { signal, env, cwd: scratch })
  }
  const folder = starting.use(await makeSocketFolder())
  const socket = join(folder.path, 'socket')
  const flags = [
    ...['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--pid-file=${data}/pid`, ...own, ...who],
    ...['--skip-networking', '--event-scheduler=OFF', '--skip-log-bin', '--innodb-buffer-pool-size=64M'],
    ...['--innodb-flush-log-at-trx-commit=0', '--max-allowed-packet=1G', '--log-bin-trust-function-creators=ON'],
    ...(facts.product === 'mysql' ? ['--mysqlx=OFF', ...messagesOf(base)] : []),
  ]
  const running = starting.use(startProgram([program, ...flags], { signal, env, cwd: scratch }))
  const reading = drain(running)
  const there = mysqlSchema.parse({ socket, ...(config.programs === undefined ? {} : { programs: config.programs }) })
  const mysql = starting.use(await untilItAnswers(running, reading, () => openMysql(there, context)))
  const owned = starting.move()
  return { ...mysql, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function findServer(
  { product, serverVersion }: MysqlFacts,
  { programs }: MysqlConfig,
  context: ReadContext,
): Promise<string> {
  const folder = programs === undefined ? [] : [resolve(context.folder, programs)]
  const folders = [...folder, ...folder.map((path) => join(dirname(path), 'sbin')), ...FOLDERS]
  const clients = clientsOnHost(context.env)
  const program = await clients.find([SERVERS[product]], folders)
  const wanted = parseVersion(serverVersion).numbers
  const hint = `install the server of ${PRODUCT_NAMES[product]} ${wanted.join('.')} (it need not run), or name its folder in \`programs\` of the source`
  if (program === undefined)
    throw new MysqlError(`there is no ${SERVERS[product]} on this host to try the dump with`, { hint })
  const said = await runProgram([program, '--no-defaults', '--version'], { signal: context.signal, env: context.env })
  const [, version = ''] = /Ver (\S+)/.exec(said) ?? []
  const found = parseVersion(`${version}${/mariadb/i.test(said) ? '-MariaDB' : ''}`)
  if (found.product === product && compareVersions(found.numbers, wanted) >= 0) return program
  throw new MysqlError(
    `${program} is ${PRODUCT_NAMES[found.product]} ${version}, and the dump is of ${PRODUCT_NAMES[product]} ${serverVersion}`,
    { hint },
  )
}

/** Where a server that is not installed has what it says. */
function messagesOf(base: string): string[] {
  return base === '/usr'
    ? []
    : [
        `--lc-messages-dir=${base}/share/mysql`,
        `--character-sets-dir=${base}/share/mysql/charsets`,
        `--plugin-dir=${base}/lib/mysql/plugin`,
        '--secure-file-priv=NULL',
      ]
}

async function drain({ stdout }: RunningProgram): Promise<void> {
  for await (const part of stdout) void part
}

async function untilItAnswers(
  running: RunningProgram,
  reading: Promise<void>,
  open: () => Promise<Mysql>,
): Promise<Mysql> {
  let isOver = false
  const over = reading.finally(() => (isOver = true))
  over.catch(() => undefined) // how it ended is said by its status
  for (const begun = Date.now(); ; await sleep(LOOK_MS)) {
    if (isOver) {
      await running.succeeded()
      throw new MysqlError('the scratch server has ended before it answered', {
        hint: 'see whether there is room on the disk',
      })
    }
    try {
      return await open()
    } catch (error) {
      if (Date.now() - begun > START_MS) throw error
    }
  }
}
