import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startDaemon } from '../daemon.ts'
import { madeOnce } from '../made-once.ts'
import { runOk, runProcess } from '../run-process.ts'
import type { ServiceUser } from '../service-user.ts'
import { makeTempDir } from '../temp-dir.ts'
import { MYSQL_CLIENT_ARGUMENTS } from './client-arguments.ts'
import type { MysqlPrograms } from './programs.ts'

export interface Root {
  readonly user: string
  readonly password: string
}

/** What every start gets. Nobody is looked up: without a network each look-up takes seconds. */
export function serverArguments({ kind, base }: MysqlPrograms): string[] {
  return [
    ...['--no-defaults', '--skip-name-resolve', '--innodb-buffer-pool-size=32M', '--performance-schema=OFF'],
    // Where a fetched server finds its own files; for an installed one these are the places that it knows.
    ...[`--basedir=${base}`, `--lc-messages-dir=${base}/share/mysql`, `--plugin-dir=${base}/lib/mysql/plugin`],
    ...[`--character-sets-dir=${base}/share/mysql/charsets`],
    // Its second protocol would want a port and a socket of its own, and exports a folder of Debian's.
    ...(kind === 'mysql' ? ['--mysqlx=OFF', '--secure-file-priv=NULL'] : []),
  ]
}

/** The data folder of a new server, to be copied: making one would take longer than all the rest of a start. */
export async function dataTemplate(programs: MysqlPrograms, owner: ServiceUser, root: Root): Promise<string> {
  const { stdout } = await runOk(programs.server, ['--no-defaults', '--version'])
  const version = /Ver (\d+\.\d+)/.exec(stdout)?.[1] ?? 'unknown'
  const users = usersOf(programs, root)
  return await madeOnce(`${programs.kind}-${version}-data`, [stdout, `${owner.uid}`, users], async (path) => {
    await using dir = await makeTempDir()
    await chmod(dir.path, 0o755)
    const [data, work, sql] = [dir.join('data'), dir.join('work'), dir.join('users.sql')]
    await writeFile(sql, users)
    for (const folder of [data, work]) await mkdir(folder)
    await runOk('chown', [`${owner.uid}:${owner.gid}`, data, work])
    const [installer, ...args] = [...owner.command, ...installation(programs, data)]
    await runOk(installer!, args, { cwd: '/' })
    await makeUsers(programs, owner, { data, work, sql, root })
    await runOk('cp', ['-a', data, path])
  })
}

/** One statement in each line, as the server wants it. */
function usersOf({ kind }: MysqlPrograms, { user, password }: Root): string {
  // MariaDB's installation makes some for this host's names and addresses, without a password.
  const others = `delete from mysql.global_priv where User = '${user}' and Host <> 'localhost';`
  return [
    ...(kind === 'mariadb' ? [others, 'flush privileges;'] : []),
    `alter user '${user}'@'localhost' identified by '${password}';`,
    `create user '${user}'@'%' identified by '${password}';`,
    `grant all on *.* to '${user}'@'%' with grant option;`,
    '',
  ].join('\n')
}

function installation(programs: MysqlPrograms, data: string): string[] {
  const { kind, base, server } = programs
  if (kind === 'mysql') return [server, ...serverArguments(programs), '--initialize-insecure', `--datadir=${data}`]
  const program = join(base, 'bin/mariadb-install-db')
  const how = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve']
  return [program, '--no-defaults', `--basedir=${base}`, `--datadir=${data}`, ...how]
}

interface FirstStart {
  readonly data: string
  /** For the socket. */
  readonly work: string
  /** Run by the server before it lets anybody in. */
  readonly sql: string
  readonly root: Root
}

async function makeUsers(programs: MysqlPrograms, owner: ServiceUser, first: FirstStart): Promise<void> {
  const socket = `${first.work}/socket`
  const [program, ...args] = [
    ...[
      ...owner.command,
      programs.server,
      ...serverArguments(programs),
      `--datadir=${first.data}`,
      `--socket=${socket}`,
    ],
    ...[`--pid-file=${first.work}/pid`, '--skip-networking', `--init-file=${first.sql}`],
  ]
  await using server = await startDaemon(program!, args, { log: `${first.sql}.log` })
  const env = { MYSQL_PWD: first.root.password }
  const client = [...MYSQL_CLIENT_ARGUMENTS, `--socket=${socket}`, `--user=${first.root.user}`]
  await server.waitUntil(
    async () => (await runProcess(programs.client, [...client, '-e', 'select 1'], { env })).exitCode === 0,
  )
  await server.end('SIGTERM')
}
