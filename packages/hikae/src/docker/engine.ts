import { readFile } from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { hostname, release } from 'node:os'
import type Docker from 'dockerode'
import type { Environment } from '../environment.ts'
import { type EngineAddress, formatEngineAddress, type TlsFiles } from './engine-address.ts'
import { DockerError } from './engine-error.ts'
import { explainFailure } from './explain-failure.ts'
import { noteRequests } from './failed-request.ts'
import { SshAgent } from './ssh-agent.ts'

/** A Docker Engine that has answered. Disposing closes the connections. */
export interface DockerEngine extends AsyncDisposable {
  /** For messages: `unix:///var/run/docker.sock`. */
  readonly address: string
  /** `26.1.5` */
  readonly version: string
  /**
   * Asks the engine for something.
   *
   * @param doing for messages: `look at the volume uploads`
   * @throws {DockerError} it cannot, with the engine's own words and status
   */
  ask<T>(doing: string, question: (api: Docker) => Promise<T>): Promise<T>
  /**
   * Whether the paths that it speaks of are ours: the same machine, and neither of us in a container of its own. A socket
   * alone does not prove that, since it may lead to another machine.
   */
  isOnThisHost(): Promise<boolean>
  /**
   * The same engine for what has to be done even when the work was stopped: its questions do not look at the signal. Its
   * connections are those of this one, which closes them.
   */
  outlastingStops(): DockerEngine
}

/** How long an engine may take for its first answer. */
const FIRST_ANSWER_MS = 30_000

/** @throws {DockerError} it does not answer */
export async function openEngine(address: EngineAddress, env: Environment, signal: AbortSignal): Promise<DockerEngine> {
  const { default: Dockerode } = await import('dockerode')
  const { agent, settings } = await transportOf(address, env)
  const api = new Dockerode({ ...NOTHING_OF_THE_ENVIRONMENT, ...settings, agent } as Docker.DockerOptions)
  noteRequests(api)
  const asking =
    (stop?: AbortSignal): DockerEngine['ask'] =>
    async (doing, question) => {
      stop?.throwIfAborted()
      try {
        return await question(api)
      } catch (error) {
        stop?.throwIfAborted()
        throw explainFailure(error, doing, address)
      }
    }
  const ask = asking(signal)
  try {
    const version = await ask('reach Docker', async () => inTime(api.version(), address, signal))
    if (typeof version?.ApiVersion !== 'string') throw noEngine(address)
    const about = { address: formatEngineAddress(address), version: version.Version }
    const engine = (questions: DockerEngine['ask'], close: () => void): DockerEngine => ({
      ...about,
      ask: questions,
      isOnThisHost: async () => address.kind === 'socket' && (await isOurs(questions)),
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
        ? new DockerError(`the Docker Engine at ${formatEngineAddress(address)} does not answer`)
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

async function isOurs(ask: DockerEngine['ask']): Promise<boolean> {
  const info = (await ask('ask Docker about its host', (api) => api.info())) as {
    Name?: string
    KernelVersion?: string
  }
  return info.Name === hostname() && info.KernelVersion === release()
}
