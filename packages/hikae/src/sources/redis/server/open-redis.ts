import { resolve } from 'node:path'
import { containerVariable } from '../../../databases/container-variable.ts'
import { type Endpoint, openServer, type OpenServer } from '../../../databases/open-server.ts'
import type { RunningProgram } from '../../../process/program.ts'
import type { SourceContext } from '../../source-kind.ts'
import type { RedisConfig } from '../config.ts'
import { quotedLines } from './quoted-lines.ts'
import { RedisError } from './redis-error.ts'

const PRODUCT = { name: 'Redis', protocols: ['redis', 'valkey'], port: 6379 }
const CLIENTS = ['redis-cli', 'valkey-cli', 'keydb-cli']
const REFUSED = /^\(error\) (.*)$/m
const PASSWORD_VARIABLES = ['REDIS_PASSWORD', 'VALKEY_PASSWORD']

/** A server that is spoken to through redis-cli: the one of its container, or of this host. */
export interface Redis extends AsyncDisposable {
  /** For messages. */
  readonly name: string
  readonly signal: AbortSignal
  /**
   * @returns texts of the answer @throws {RedisError} the server refuses
   */
  ask(command: readonly string[], options?: AskOptions): Promise<string[]>
  /** `role:master` of INFO. */
  info(section: string): Promise<ReadonlyMap<string, string>>
  /** A copy of all that it has, of one moment, as an RDB file; the server decides when it begins. */
  startCopy(signal: AbortSignal): RunningProgram
}

export interface AskOptions {
  /** Number of the database; 0 by default. */
  readonly database?: number
}

/** @throws {RedisError | DockerError | InputError} there is no way to it */
export async function openRedis(config: RedisConfig, context: SourceContext): Promise<Redis> {
  await using opening = new AsyncDisposableStack()
  const server = opening.use(await openServer(config, PRODUCT, context))
  const folders = config.programs === undefined ? [] : [resolve(context.folder, config.programs)]
  const program = await server.clients.find(CLIENTS, folders)
  if (program === undefined) {
    throw new RedisError(`there is no redis-cli ${server.clients.place}`, {
      hint: 'install redis-tools (or valkey-tools), or name the folder of redis-cli in `programs`',
    })
  }
  const password = server.password ?? (await containerVariable(server, PASSWORD_VARIABLES, context.signal))
  const { signal } = context
  const variables = password === undefined ? {} : { REDISCLI_AUTH: password, VALKEYCLI_AUTH: password }
  const connection = [program, ...connectionArguments(server)]
  const ask = async (command: readonly string[], { database }: AskOptions = {}): Promise<string> => {
    const chosen = database === undefined ? [] : ['-n', `${database}`]
    const answer = await server.clients.run([...connection, ...chosen, '--no-raw', ...command], { signal, variables })
    const refused = REFUSED.exec(answer)?.[1]
    if (refused !== undefined) throw refusal(server.name, command[0]!, refused)
    return answer
  }
  const owned = opening.move()
  return {
    name: server.name,
    signal,
    ask: async (command, options) => quotedTexts(await ask(command, options)),
    async info(section) {
      const [text = ''] = quotedTexts(await ask(['INFO', section]))
      return new Map(text.split(/\r?\n/).flatMap((line) => pairOf(line)))
    },
    startCopy: (stop) =>
      server.clients.start([...connection, '--rdb', '-'], { signal: AbortSignal.any([signal, stop]), variables }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Under `--no-raw` a server's long texts such as INFO's come as they are, without quotes. */
function quotedTexts(answer: string): string[] {
  const number = /^\(integer\) (-?\d+)$/.exec(answer.trim())?.[1]
  if (number !== undefined) return [number]
  return /^\s*(?:\d+\) )?"/.test(answer) ? quotedLines(answer) : [answer.trimEnd()]
}

function pairOf(line: string): [string, string][] {
  const at = line.indexOf(':')
  return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
}

function connectionArguments({ endpoint, user }: OpenServer): string[] {
  const login = user === undefined ? [] : ['--user', user]
  return [...placeArguments(endpoint), ...login]
}

function placeArguments(endpoint: Endpoint): string[] {
  switch (endpoint.kind) {
    case 'usual':
      return []
    case 'socket':
      return ['-s', endpoint.path]
    case 'tcp':
      return ['-h', endpoint.host, '-p', `${endpoint.port}`]
  }
}

function refusal(name: string, command: string, said: string): RedisError {
  if (/^NOAUTH|^WRONGPASS|invalid username-password/.test(said)) {
    return new RedisError(`${name} does not let us in: ${said}`, {
      hint: 'correct `user` and `password` of the source',
    })
  }
  if (said.startsWith('NOPERM')) {
    return new RedisError(`${name} does not allow ${command}: ${said}`, {
      hint: "let the user do it: `ACL SETUSER backup on '>PASSWORD' +ping +info +sync +psync +replconf '+acl|list' '+config|get'`, or say `settings: false` where ACL and CONFIG are not allowed",
    })
  }
  return new RedisError(`${name} refuses ${command}: ${said}`, { hint: 'try the same with redis-cli' })
}
