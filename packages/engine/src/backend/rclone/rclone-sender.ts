import { connect, type ClientHttp2Session } from 'node:http2'
import { once } from 'node:events'
import { BackendError } from '../backend.ts'
import { discardBody, type HttpRequest, type HttpResponse, type HttpSender } from '../http/http-message.ts'
import type { HttpOptions } from '../http/http-options.ts'
import { sendHttp2 } from '../http/send-http2.ts'
import { TransportError } from '../http/transport-error.ts'
import { RcloneProcess } from './rclone-process.ts'

export interface RcloneSenderOptions extends Pick<HttpOptions, 'bandwidth' | 'stuckAfterMs'> {
  readonly location: string
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What is asked for first, to see whether rclone answers. */
  readonly probe: string
}

interface Running {
  readonly rclone: RcloneProcess
  readonly session: ClientHttp2Session
}

const BASE = 'http://localhost'
/** rclone looks at its remote before it answers. */
const START_WITHIN_MS = 60_000
/** Bytes that rclone may send ahead: each file, and all together. */
const FILE_WINDOW_BYTES = 1024 * 1024
const WINDOW_BYTES = 16 * 1024 * 1024
/** Megabytes that requests under way may hold: with Node's own limit of 10 it refuses the next one beside a single large upload. */
const SESSION_MEMORY_MB = 4096

/** Requests over HTTP/2 through the stdin and stdout of an rclone, which is started when it is needed. */
export class RcloneSender implements HttpSender {
  readonly #options: RcloneSenderOptions
  #running: Promise<Running> | undefined
  /** Whoever started once was configured rightly: later trouble is that of the network. */
  #hasServed = false
  #latest: RcloneProcess | undefined
  readonly #disposed = new AbortController()

  constructor(options: RcloneSenderOptions) {
    this.#options = options
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    request.signal?.throwIfAborted()
    const running = await this.#whileNotAborted(this.#start(), request.signal)
    try {
      const response = await sendHttp2(running.session, request, this.#options)
      return { ...response, body: this.#explainedBody(response.body, running, request.signal) }
    } catch (error) {
      throw await this.#explained(error, running, request.signal)
    }
  }

  /** What rclone complained of last, also one that has ended. */
  async lastWords(): Promise<string> {
    return (await this.#latest?.complaint()) ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new Error('the backend is disposed of'))
    const running = await this.#running?.catch(() => undefined)
    this.#running = undefined
    if (running) await end(running)
  }

  #start(): Promise<Running> {
    if (this.#running) return this.#running
    const starting = this.#startAnew()
    this.#running = starting
    const forget = (): void => {
      if (this.#running === starting) this.#running = undefined
    }
    starting.then(({ session }) => (session.closed ? forget() : session.once('close', forget)), forget)
    return starting
  }

  async #startAnew(): Promise<Running> {
    const running = await this.#launch()
    const { rclone, session } = running
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(START_WITHIN_MS), this.#disposed.signal])
      const url = new URL(`/${this.#options.probe}`, BASE)
      await discardBody(await sendHttp2(session, { method: 'GET', url, signal }, {}))
    } catch (error) {
      const isLate = error instanceof DOMException && error.name === 'TimeoutError'
      await end(running)
      const what = isLate ? `did not answer within ${START_WITHIN_MS / 1000} s` : rclone.outcome
      throw this.#startError(`rclone ${what}: ${await rclone.complaint()}`, error, isLate)
    }
    this.#hasServed = true
    return running
  }

  async #launch(): Promise<Running> {
    const { command, env } = this.#options
    try {
      const rclone = await RcloneProcess.start(command, env)
      this.#latest = rclone
      return { rclone, session: openSession(rclone) }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      const isMissing = code === 'ENOENT'
      const reason = isMissing ? `${command[0]!} is not installed` : `${command[0]!} cannot be started (${code})`
      throw new BackendError(`cannot reach ${this.#options.location}: ${reason}`, {
        hint: isMissing
          ? 'install it, for instance with `apt install rclone`, or say where it is with -o rclone.program=/path/to/rclone'
          : 'check that it is a program that may be executed',
        cause: error,
      })
    }
  }

  #startError(reason: string, cause: unknown, isLate: boolean): BackendError {
    return new BackendError(`cannot reach ${this.#options.location}: ${reason}`, {
      hint: 'try `rclone lsd` with the same remote; `rclone listremotes` shows the remotes that are configured',
      transient: isLate || this.#hasServed,
      cause,
    })
  }

  async *#explainedBody(
    body: AsyncIterable<Uint8Array>,
    running: Running,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* body
    } catch (error) {
      throw await this.#explained(error, running, signal)
    }
  }

  /** A connection that is cut usually means that rclone has ended, and it said why. */
  async #explained(error: unknown, { rclone, session }: Running, signal: AbortSignal | undefined): Promise<unknown> {
    const isCut = error instanceof TransportError && error.code === 'CUT_SHORT'
    if (signal?.aborted || !isCut || !(session.closed || session.destroyed)) return error
    await end({ rclone, session })
    return new TransportError('CUT_SHORT', `rclone ${rclone.outcome}: ${await rclone.complaint()}`, error)
  }

  async #whileNotAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    if (!signal) return await work
    const stop = new AbortController()
    const aborted = once(signal, 'abort', { signal: stop.signal }).then(() => {
      throw signal.reason
    })
    aborted.catch(() => undefined)
    try {
      return await Promise.race([work, aborted])
    } finally {
      stop.abort()
    }
  }
}

function openSession(rclone: RcloneProcess): ClientHttp2Session {
  const session = connect(BASE, {
    createConnection: () => rclone.connection,
    maxSessionMemory: SESSION_MEMORY_MB,
    settings: { initialWindowSize: FILE_WINDOW_BYTES, enablePush: false },
  })
  // Requests that are under way see what is wrong; whoever comes later starts rclone anew.
  session.on('error', () => undefined)
  void rclone.ended.then(() => session.destroy())
  session.once('connect', () => {
    if (!session.destroyed) session.setLocalWindowSize(WINDOW_BYTES)
  })
  return session
}

async function end({ rclone, session }: Running): Promise<void> {
  session.destroy()
  await rclone.end()
}
