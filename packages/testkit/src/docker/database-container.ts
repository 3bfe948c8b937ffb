import type { RedisBankServer, SqlBankServer } from '../bank/bank-server.ts'
import type { TestDocker } from '../docker-engine.ts'
import { MYSQL_CLIENT_ARGUMENTS } from '../mysql/client-arguments.ts'
import { PSQL_ARGUMENTS } from '../postgres/psql.ts'
import { redisCliOptions, type RedisCommandOptions } from '../redis/redis-cli.ts'
import type { ProcessResult } from '../run-process.ts'
import type { DatabaseImage } from './database-images.ts'

type Engine = Pick<TestDocker, 'addDatabaseImage' | 'docker' | 'tryDocker'>

interface InContainer {
  readonly container: string
  readonly password: string
  /** Returns when it answers on its port: while it is set up for the first time, a server answers on the socket only. */
  untilReady(): Promise<void>
}

export type SqlContainer = InContainer & SqlBankServer
export type RedisContainer = InContainer & RedisBankServer

export interface DatabaseContainerOptions {
  readonly name: string
  /** Of the superuser; `secret` by default. None for Redis. */
  readonly password?: string
  /** For `docker run`. */
  readonly options?: readonly string[]
  /** Instead of the image's own. */
  readonly command?: readonly string[]
}

/** Starts a database in a container, and waits until it can be used: 2 s, and what {@link TestDocker.addDatabaseImage} takes. */
export async function startDatabaseContainer(
  engine: Engine,
  image: 'postgres' | 'mariadb',
  options: DatabaseContainerOptions,
): Promise<SqlContainer>
export async function startDatabaseContainer(
  engine: Engine,
  image: 'redis',
  options: DatabaseContainerOptions,
): Promise<RedisContainer>
export async function startDatabaseContainer(
  engine: Engine,
  image: DatabaseImage,
  { name, password = 'secret', options = [], command = [] }: DatabaseContainerOptions,
): Promise<SqlContainer | RedisContainer> {
  const tag = await engine.addDatabaseImage(image)
  const environment = {
    postgres: ['--env', `POSTGRES_PASSWORD=${password}`],
    mariadb: ['--env', `MARIADB_ROOT_PASSWORD=${password}`],
    redis: [],
  }[image]
  await engine.docker('run', '--detach', '--name', name, ...environment, ...options, tag, ...command)
  const server =
    image === 'redis' ? redisInContainer(engine, name) : sqlInContainer(engine, image, { container: name, password })
  await server.untilReady()
  return server
}

/** A database in a container that runs already, such as one of a Compose project. */
export function sqlInContainer(
  engine: Engine,
  kind: 'postgres' | 'mariadb',
  { container, password }: { container: string; password: string },
): SqlContainer {
  const environment = kind === 'postgres' ? `PGPASSWORD=${password}` : `MYSQL_PWD=${password}`
  const run = async (args: readonly string[], input = ''): Promise<ProcessResult> =>
    await engine.tryDocker(['exec', '--interactive', '--env', environment, container, ...args], { input })
  const database = { postgres: 'postgres', mariadb: 'mysql' }[kind]
  const client = (name: string): string[] =>
    kind === 'postgres'
      ? ['psql', ...PSQL_ARGUMENTS, '-h', '127.0.0.1', '-U', 'postgres', '-d', name]
      : ['mariadb', ...MYSQL_CLIENT_ARGUMENTS, '--host=127.0.0.1', '--user=root', `--database=${name}`]
  const question = [kind === 'postgres' ? '-c' : '-e', 'select 1']
  return {
    ...{ kind, container, password },
    query: async (sql, options = {}) => output(await run(client(options.database ?? database), sql)),
    untilReady: () =>
      untilAnswers(engine, container, (loop) => run(['sh', '-c', loop, 'sh', ...client(database), ...question])),
  }
}

/** A Redis in a container that runs already, without a password. */
export function redisInContainer(engine: Engine, container: string): RedisContainer {
  const run = async (args: readonly string[]): Promise<ProcessResult> =>
    await engine.tryDocker(['exec', container, ...args])
  const client = (options?: RedisCommandOptions): string[] => ['redis-cli', ...redisCliOptions(options)]
  return {
    ...{ kind: 'redis', container, password: '' },
    command: async (args, options) => output(await run([...client(options), ...args])),
    untilReady: () => untilAnswers(engine, container, (loop) => run(['sh', '-c', loop, 'sh', ...client(), 'PING'])),
  }
}

function output({ exitCode, stdout, stderr }: ProcessResult): string {
  if (exitCode !== 0) throw new Error(`the client in the container exited with ${exitCode}: ${stderr}${stdout}`)
  return stdout.trimEnd()
}

/** Asked inside, again and again: to begin anew each time would keep a busy machine from what is waited for. */
async function untilAnswers(
  engine: Engine,
  container: string,
  ask: (loop: string) => Promise<ProcessResult>,
): Promise<void> {
  const { exitCode, stderr } = await ask('until "$@" >/dev/null 2>&1; do sleep 0.1; done')
  if (exitCode === 0) return
  const logs = await engine.tryDocker(['logs', container])
  throw new Error(`${container} does not answer: ${stderr}\n${logs.stdout}${logs.stderr}`.slice(0, 4000))
}
