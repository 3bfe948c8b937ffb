import { resolve } from 'node:path'
import type { ContainerSummary } from '../docker/containers/container.ts'
import { findChosenContainer } from '../docker/containers/find-chosen-container.ts'
import { DockerError } from '../docker/engine-error.ts'
import type { DockerEngine } from '../docker/engine.ts'
import { openConfiguredEngine } from '../docker/open-configured-engine.ts'
import type { Environment } from '../environment.ts'
import { readSecret } from '../secrets/secret.ts'
import type { Clients } from './clients.ts'
import { clientsInContainer } from './clients-in-container.ts'
import { clientsOnHost } from './clients-on-host.ts'
import { describeServer, type ServerConfig } from './server-schema.ts'
import { parseServerUrl, type ServerUrl } from './server-url.ts'

/** What differs between products before anything is spoken. */
export interface Product {
  /** `PostgreSQL` */
  readonly name: string
  /** Of its URLs; the first is the one that is told. */
  readonly protocols: readonly string[]
  readonly port: number
}

/** How client programs reach a server from where they run. */
export type Endpoint =
  /** As they do when nothing is said: by its usual socket. */
  | { readonly kind: 'usual' }
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: Tls }

export interface Tls {
  readonly verify: 'full' | 'ca' | 'none'
  /** Absolute paths on this host. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** A server that is going to be spoken to. Disposing closes the way there, never the server. */
export interface OpenServer extends AsyncDisposable {
  /** For messages: `container shop-db-1`, `db.example.com:5432`. */
  readonly name: string
  readonly clients: Clients
  readonly endpoint: Endpoint
  readonly user?: string
  readonly password?: string
  /** Of a URL: what else it says. */
  readonly url?: Pick<ServerUrl, 'database' | 'parameters'>
  /** The container in which it runs, when that is how we reach it. */
  readonly container?: ServerContainer
}

export interface ServerContainer {
  readonly engine: DockerEngine
  readonly summary: ContainerSummary
  /** Of its environment, secrets included. */
  readonly variables: ReadonlyMap<string, string>
}

export interface ServerContext {
  readonly source: string
  /** Of the stack file. */
  readonly folder: string
  readonly env: Environment
  readonly signal: AbortSignal
}

/**
 * Finds out how to reach a server; speaks to it not yet.
 *
 * @throws {DockerError} there is no such container, or it does not run
 * @throws {InputError | UsageError} a secret cannot be read, or the url is none
 */
export async function openServer(config: ServerConfig, product: Product, context: ServerContext): Promise<OpenServer> {
  const { source } = context
  const name = describeServer(config)
  const own = {
    ...(config.user === undefined ? {} : { user: config.user }),
    ...(config.password === undefined
      ? {}
      : { password: await readSecret(config.password, `password of ${source}`, context) }),
  }
  if (config.container !== undefined || config.service !== undefined) {
    return { name, ...own, ...(await inContainer(config, context)) }
  }
  const onHost = { name, clients: clientsOnHost(context.env), [Symbol.asyncDispose]: async () => undefined }
  const tls = tlsOf(config, context)
  if (config.url !== undefined) {
    const text = await readSecret(config.url, `url of ${source}`, context)
    const { host, port = product.port, user, password, ...url } = parseServerUrl(text, product.protocols, source)
    const login = { ...(user === undefined ? {} : { user }), ...(password === undefined ? {} : { password }) }
    return { ...onHost, ...login, url, endpoint: { kind: 'tcp', host, port, ...tls } }
  }
  if (config.host !== undefined) {
    const { host, port = product.port } = config
    return { ...onHost, ...own, endpoint: { kind: 'tcp', host, port, ...tls } }
  }
  const { socket } = config
  const endpoint: Endpoint =
    socket === undefined ? { kind: 'usual' } : { kind: 'socket', path: resolve(context.folder, socket) }
  return { ...onHost, ...own, endpoint }
}

async function inContainer(
  config: ServerConfig,
  context: ServerContext,
): Promise<Pick<OpenServer, 'clients' | 'endpoint' | 'container' | typeof Symbol.asyncDispose>> {
  await using opening = new AsyncDisposableStack()
  const engine = opening.use(await openConfiguredEngine(config, context))
  const summary = await findChosenContainer(engine, config)
  if (summary.state !== 'running') {
    throw new DockerError(`the container ${summary.name} does not run: it is ${summary.state}`, {
      hint: `start it (\`docker start ${summary.name}\`): a database is asked for its content while it runs`,
    })
  }
  const { Config } = await engine.ask(`look at the container ${summary.name}`, (api) =>
    api.getContainer(summary.id).inspect(),
  )
  const owned = opening.move()
  return {
    clients: clientsInContainer(engine, summary, context.signal),
    endpoint: { kind: 'usual' },
    container: { engine, summary, variables: new Map(Config.Env.map(splitVariable)) },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf('=')
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function tlsOf({ tls }: ServerConfig, { folder }: ServerContext): { readonly tls?: Tls } {
  if (tls === undefined) return {}
  const { verify, ...files } = tls
  const paths = Object.entries(files).flatMap(([key, file]) =>
    file === undefined ? [] : [[key, resolve(folder, file)]],
  )
  return { tls: { verify, ...Object.fromEntries(paths) } }
}
