import { readFile } from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import type { Environment } from '../environment.ts'
import { type EngineAddress, formatEngineAddress, type TlsFiles } from './engine-address.ts'
import { DockerError } from './engine-error.ts'
import { explainFailure } from './explain-failure.ts'
import { noteRequests } from './failed-request.ts'
import { LONGEST_MS, Pulse, PULSE_MS, type Waiting } from './pulse.ts'
import { SshAgent } from './ssh-agent.ts'
import { type EngineInfo, isThisHost } from './this-host.ts'

/** A Docker Engine that has answered. Disposing closes the connections. */
export interface DockerEngine extends AsyncDisposable {
  /** For messages: `unix:///var/run/docker.sock`. */
  readonly address: string
  /** With which it is spoken to by TLS. */
  readonly tls?: TlsFiles
  /** `26.1.5` */
  readonly version: string
  /**
   * Asks the engine for something. It may take its time, as long as the engine shows that it is there.
   *
   * @param doing for messages: `look at the volume uploads`
   * @throws {DockerError} it cannot, with the engine's own words and status; or the engine is silent
   */
  ask<T>(doing: string, question: (api: Docker) => Promise<T>, patience?: Patience): Promise<T>
  /** Its own id, which another address of it has too. */
  id(): Promise<string>
  /**
   * Whether the paths that it speaks of are ours: the same machine, the same files, and neither of us in a container of its
   * own. A socket alone does not prove that, since it may lead to another machine.
   */
  isOnThisHost(): Promise<boolean>
  /**
   * The same engine for what has to be done even when the work was stopped: its questions do not look at the signal. Its
   * connections are those of this one, which closes them.
   */
  outlastingStops(): DockerEngine
}

export interface Patience {
  /** How long an answer may take while the engine shows that it is there; an hour by default. */
  readonly mostMs: number
}

/** What takes as long as somebody else wants, or has as much to do as there is data. */
export const ENDLESS: Patience = { mostMs: Infinity }

export interface EngineTimes {
  /** How often a silent engine is asked whether it is there, and how long that may take. */
  readonly pulseMs?: number
  readonly mostMs?: number
}

/** How long an engine may take for its first answer. */
const FIRST_ANSWER_MS = 30_000

/** @throws {DockerError} it does not answer */
export async function openEngine(
  address: EngineAddress,
  env: Environment,
  signal: AbortSignal,
  { pulseMs = PULSE_MS, mostMs = LONGEST_MS }: EngineTimes = {},
): Promise<DockerEngine> {
  const { default: Dockerode } = await import('dockerode')
  const { agent, settings } = await transportOf(address, env)
  const api = new Dockerode({ ...NOTHING_OF_THE_ENVIRONMENT, ...settings, agent } as Docker.DockerOptions)
  noteRequests(api)
  const pulse = new Pulse({ ping: () => pingOf(api), everyMs: pulseMs })
  const asking =
    (stop?: AbortSignal): DockerEngine['ask'] =>
    async (doing, question, patience = { mostMs }) => {
      stop?.throwIfAborted()
      const waiting = { ...silenceOf(doing, address), ...patience }
      try {
        const answer = await pulse.whileAlive(question(api), waiting)
        if (answer instanceof Readable) pulse.watch(answer, waiting.silent)
        return answer
      } catch (error) {
        stop?.throwIfAborted()
        throw explainFailure(error, doing, address)
      }
    }
  const ask = asking(signal)
  try {
    const version = await ask('reach Docker', async () => inTime(api.version(), address, signal))
    if (typeof version?.ApiVersion !== 'string') throw noEngine(address)
    const tls = address.kind === 'tcp' && address.tls ? { tls: address.tls } : {}
    const about = { address: formatEngineAddress(address), version: version.Version, ...tls }
    const isNear = address.kind === 'socket'
    const engine = (questions: DockerEngine['ask'], close: () => void): DockerEngine => ({
      ...about,
      ask: questions,
      id: foundOnce(() => idOf(questions, about.address)),
      isOnThisHost: foundOnce(async () => isNear && (await isOurs(questions))),
      outlastingStops: () => engine(asking(), () => undefined),
      [Symbol.asyncDispose]: async () => close(),
    })
    return engine(ask, () => agent.destroy())
  } catch (error) {
    agent.destroy()
    throw error
  }
}

/** dockerode reads `DOCKER_HOST` and its kin by itself; what is meant is settled before. */
const NOTHING_OF_THE_ENVIRONMENT = {
  ...{ host: undefined, port: undefined, socketPath: undefined, protocol: undefined },
  ...{ ca: undefined, cert: undefined, key: undefined, username: undefined, timeout: undefined },
}

interface Transport {
  readonly agent: HttpAgent
  readonly settings: Readonly<Record<string, unknown>>
}

async function transportOf(address: EngineAddress, env: Environment): Promise<Transport> {
  switch (address.kind) {
    case 'socket':
      return { agent: new HttpAgent({ keepAlive: true }), settings: { socketPath: address.path } }
    case 'tcp': {
      const { host, port, tls } = address
      if (!tls) return { agent: new HttpAgent({ keepAlive: true }), settings: { host, port, protocol: 'http' } }
      const files = await readTlsFiles(tls)
      const agent = new HttpsAgent({ keepAlive: true, ...files })
      return { agent, settings: { host, port, protocol: 'https', ...files } }
    }
    case 'ssh':
      return { agent: new SshAgent(address, env), settings: { host: 'docker', protocol: 'http' } }
  }
}

async function readTlsFiles(files: TlsFiles): Promise<Record<string, Buffer>> {
  const read: Record<string, Buffer> = {}
  for (const [name, path] of Object.entries(files) as [keyof TlsFiles, string][]) {
    try {
      read[name] = await readFile(path)
    } catch (error) {
      throw new DockerError(`cannot read ${path}, the ${name} for Docker`, { cause: error })
    }
  }
  return read
}

async function inTime<T>(answer: Promise<T>, address: EngineAddress, signal: AbortSignal): Promise<T> {
  const late = AbortSignal.timeout(FIRST_ANSWER_MS)
  const either = AbortSignal.any([signal, late])
  const { promise, reject } = Promise.withResolvers<never>()
  const giveUp = (): void =>
    reject(
      late.aborted
        ? new DockerError(`the Docker Engine at ${formatEngineAddress(address)} does not answer`, {
            hint: hintFor(address),
          })
        : either.reason,
    )
  either.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([answer, promise])
  } finally {
    either.removeEventListener('abort', giveUp)
  }
}

function noEngine(address: EngineAddress): DockerError {
  return new DockerError(`what answers at ${formatEngineAddress(address)} is no Docker Engine`, {
    hint: 'look at the address and the port',
  })
}

/** What stays the same while one is connected. */
function foundOnce<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined
  return async () => {
    try {
      return await (found ??= find())
    } catch (error) {
      found = undefined
      throw error
    }
  }
}

async function isOurs(ask: DockerEngine['ask']): Promise<boolean> {
  const info = await infoOf(ask)
  return await isThisHost(info, () => ask('list the networks', (api) => api.listNetworks()))
}

/** A proxy may not tell it. */
async function idOf(ask: DockerEngine['ask'], address: string): Promise<string> {
  try {
    return (await infoOf(ask)).ID
  } catch (error) {
    if (error instanceof DockerError && error.status === 403) return address
    throw error
  }
}

async function infoOf(ask: DockerEngine['ask']): Promise<EngineInfo> {
  return (await ask('ask Docker about its host', (api) => api.info())) as EngineInfo
}

/** An answer of whatever kind shows that it is there: a proxy may refuse it. */
async function pingOf(api: Docker): Promise<void> {
  try {
    await api.ping()
  } catch (error) {
    if (!(error instanceof Error && 'statusCode' in error)) throw error
  }
}

/** Of an engine that is silent. */
function hintFor(address: EngineAddress): string {
  const look =
    address.kind === 'socket' ? '`journalctl -u docker`' : `\`docker --host ${formatEngineAddress(address)} version\``
  return `see with ${look} whether it hangs or cannot be reached, and start it anew if so`
}

function silenceOf(doing: string, address: EngineAddress): Pick<Waiting, 'silent' | 'late'> {
  const where = formatEngineAddress(address)
  return {
    silent: (seconds) =>
      new DockerError(`cannot ${doing}: the Docker Engine at ${where} does not answer any more (${seconds} s)`, {
        hint: hintFor(address),
      }),
    late: (seconds) =>
      new DockerError(`cannot ${doing}: the Docker Engine at ${where} has not done it after ${seconds} s`, {
        hint: `it is there, but something in it hangs: look at its log, and whether \`docker cp\` or another backup holds the container`,
      }),
  }
}
