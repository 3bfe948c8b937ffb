import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { request, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { findFreePorts, startProcess, type ProcessResult, type RunningProcess } from '@hikae/testkit'
import { PROGRAM } from './hikae.ts'

/** Their passwords are their names and ` secret`; hashes as `htpasswd -nbBC 4` makes them. */
const HASHES = {
  alice: '$2b$04$fcNeMvUNTA4uxO0r1ys9b.znuv8A1Lx4lRKccyJDEM/OU4SsJKE8u',
  bob: '$2b$04$2zKdOz3Hc.7kFsO75S3eF.ZauQnfkZtonCLVVZkJQVX593mTaD82K',
  metrics: '$2b$04$7u/xfWqH9seOPX//aNfNkeuS3jcisJftBKyP1VnfJUzO59FdqfDn2',
} as const

export type User = keyof typeof HASHES

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface AskOptions {
  readonly user?: User
  /** Instead of the right one. */
  readonly password?: string
  readonly body?: Uint8Array | string
  readonly headers?: OutgoingHttpHeaders
}

/** `hikae serve`, built, on a free port. Disposing of it kills it. */
export interface HikaeServe extends AsyncDisposable {
  readonly folder: string
  readonly port: number
  /** `http://127.0.0.1:8000` */
  readonly origin: string
  readonly process: RunningProcess
  /** A repository as restic names it. */
  repository(path: string, user?: User): string
  /** The path goes over the wire as it is. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** A request whose body is still to come. */
  begin(method: string, path: string, options?: AskOptions): ClientRequest
  /** Bytes as they are, and whatever comes back until the server closes the connection. */
  talk(bytes: string): Promise<string>
  /** Ends it by a signal. */
  stop(signal: NodeJS.Signals): Promise<ProcessResult>
}

/** Writes a file for `--htpasswd-file`. */
export async function writeHtpasswd(path: string, users: readonly User[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, users.map((user) => `${user}:${HASHES[user]}\n`).join(''), { mode: 0o600 })
}

export interface HikaeServeOptions {
  /** In the data folder's `.htpasswd`; nobody is asked without any. */
  readonly users?: readonly User[]
  readonly args?: readonly string[]
}

export async function startHikaeServe(folder: string, options: HikaeServeOptions = {}): Promise<HikaeServe> {
  const { users = [], args = [] } = options
  await mkdir(folder, { recursive: true })
  if (users.length > 0) await writeHtpasswd(`${folder}/.htpasswd`, users)
  const [port] = (await findFreePorts(1)) as [number]
  const auth = users.length > 0 ? [] : ['--no-auth']
  const running = await startProcess(
    PROGRAM,
    ['serve', '--path', folder, '--listen', `127.0.0.1:${port}`, ...auth, ...args],
    { timeoutMs: 170_000 },
  )
  await running.printed('listening at')

  function begin(method: string, path: string, { user, password, headers }: AskOptions = {}): ClientRequest {
    const asking = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: headers ?? {},
      ...(user === undefined ? {} : { auth: `${user}:${password ?? `${user} secret`}` }),
    })
    return asking
  }

  return {
    folder,
    port,
    origin: `http://127.0.0.1:${port}`,
    process: running,
    repository: (path, user) =>
      `rest:http://${user === undefined ? '' : `${user}:${user}%20secret@`}127.0.0.1:${port}/${path}`,
    begin,
    async ask(method, path, options = {}) {
      const asking = begin(method, path, options)
      const answered = answerOf(asking)
      asking.end(options.body)
      return await answered
    },
    async talk(bytes) {
      const socket = connect(port, '127.0.0.1')
      // A reset after the answer is no less an end than a close.
      socket.on('error', () => undefined)
      let answer = ''
      socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
      socket.write(bytes, 'latin1')
      await once(socket, 'close')
      return answer
    },
    async stop(signal) {
      running.kill(signal)
      return await running.finished
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** The whole answer to a request that somebody else ends. */
export async function answerOf(asking: ClientRequest): Promise<Answer> {
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  // The server may have said all before the body was sent.
  asking.on('error', () => undefined)
  return { status: response.statusCode!, headers: response.headers, body: await buffer(response) }
}
