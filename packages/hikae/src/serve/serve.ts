import { once } from 'node:events'
import type { Server } from 'node:http'
import { Server as TlsServer } from 'node:https'
import { errorMessage, InputError } from '../errors.ts'
import { type AccessLog, accessLogIn, accessLogTo } from './access-log.ts'
import { Authenticator } from './credentials/authenticator.ts'
import { HtpasswdFile } from './credentials/htpasswd-file.ts'
import { filesBelow, isTemporary } from './files-below.ts'
import { removeLeftovers } from './leftovers.ts'
import { describeAddress, listen } from './listen.ts'
import { Metrics } from './metrics.ts'
import { Quota } from './quota.ts'
import { createRestServer } from './server.ts'
import type { ServeOptions } from './serve-options.ts'
import { Storage } from './storage.ts'
import { readTlsFiles, type TlsFiles, tlsVersion } from './tls.ts'

/** Requests under way have so long to come to their end when the server is stopped. */
const GRACE_MS = 10_000
const DAY_MS = 24 * 60 * 60 * 1000
const MINUTE_MS = 60 * 1000

/** A server that listens. Disposing of it lets requests finish for some seconds, and leaves nothing half done. */
export interface RunningServer extends AsyncDisposable {
  /** `http://127.0.0.1:8000/`, or `unix:/run/hikae.sock` */
  readonly address: string
  readonly users: number | undefined
}

/**
 * Serves the repositories in a folder by restic's REST protocol.
 *
 * @throws {InputError} the folder, the password file, the certificate or the address cannot be used
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  await using owned = new AsyncDisposableStack()
  const { onProblem } = options
  const storage = await Storage.open(options.path, options)
  const file = options.htpasswdFile === undefined ? undefined : await openHtpasswd(options.htpasswdFile, onProblem)
  const authenticator = file && owned.use(new Authenticator(file))
  await removeLeftovers(storage.root)
  const quota =
    options.maxBytes === undefined ? undefined : await Quota.open(options.maxBytes, () => usage(storage.root))
  const tls = options.tls && (await readTlsFiles(options.tls))
  const log = openLog(options)
  if (log) owned.use(log)
  const server = createRestServer({
    service: {
      storage,
      rules: options,
      verifyUploads: options.verifyUploads,
      quota,
      metrics: options.prometheus === 'off' ? undefined : new Metrics(quota),
    },
    authenticator,
    openMetrics: options.prometheus === 'for-everybody',
    tls,
    log,
    onProblem,
  })
  await listen(server, options.listen)
  owned.defer(() => close(server))
  if (options.tls && server instanceof TlsServer) {
    owned.use(await followCertificate(server, options.tls, onProblem))
  }
  owned.use(every(DAY_MS, 'remove left-over files', onProblem, async () => void (await removeLeftovers(storage.root))))
  const running = owned.move()
  return {
    address: addressOf(server, options),
    users: file && (await file.users()).size,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

async function openHtpasswd(path: string, onProblem: (problem: string) => void): Promise<HtpasswdFile> {
  const hint = `make one with: htpasswd -B -c ${path} USER (Debian package apache2-utils), or start with --no-auth`
  let file: HtpasswdFile
  try {
    file = await HtpasswdFile.open(path, onProblem)
  } catch (error) {
    throw new InputError(`cannot read the password file ${path}: ${errorMessage(error)}`, { hint, cause: error })
  }
  if ((await file.users()).size === 0) throw new InputError(`the password file ${path} has no usable user`, { hint })
  return file
}

async function usage(folder: string): Promise<number> {
  let bytes = 0
  // Uploads under way are reserved, and rests of them are going to be removed.
  for await (const { name, size } of filesBelow(folder)) if (!isTemporary(name)) bytes += size
  return bytes
}

function openLog({ log, onProblem }: ServeOptions): AccessLog | undefined {
  if (log === undefined) return undefined
  if ('write' in log) return accessLogTo(log.write)
  return accessLogIn(log.file, (error) => onProblem(`cannot write ${log.file}: ${errorMessage(error)}`))
}

/** A renewed certificate is used from the next minute on, without a restart. */
async function followCertificate(
  server: TlsServer,
  files: TlsFiles,
  onProblem: (problem: string) => void,
): Promise<Disposable> {
  let version = await tlsVersion(files)
  return every(MINUTE_MS, 'read the new certificate', onProblem, async () => {
    const now = await tlsVersion(files)
    if (now === version) return
    version = now
    server.setSecureContext(await readTlsFiles(files))
  })
}

function every(
  intervalMs: number,
  doing: string,
  onProblem: (problem: string) => void,
  run: () => Promise<void>,
): Disposable {
  const timer = setInterval(() => {
    run().catch((error: unknown) => onProblem(`cannot ${doing}: ${errorMessage(error)}`))
  }, intervalMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await closed
  clearTimeout(timer)
}

function addressOf(server: Server, { listen, tls }: ServeOptions): string {
  const bound = server.address()
  if (listen.kind === 'unix' || bound === null || typeof bound === 'string') return describeAddress(listen)
  const host = listen.host === '' ? (bound.family === 'IPv6' ? '::' : '0.0.0.0') : listen.host
  return `${tls ? 'https' : 'http'}://${describeAddress({ kind: 'tcp', host, port: bound.port })}/`
}
