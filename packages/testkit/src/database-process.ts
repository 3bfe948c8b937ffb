import { type Daemon, startDaemon } from './daemon.ts'
import { killTree } from './process-tree.ts'

/** A server that tests start, stop and kill as they like; its data stays where it is. */
export interface DatabaseServer extends AsyncDisposable {
  /** Ends it orderly, and waits for that; sessions are ended. */
  stop(): Promise<void>
  /** It dies with all its processes, as from a loss of power of the machine that only spares the disk. */
  kill(): Promise<void>
  /** Starts it again, on the same port; returns when it answers. */
  start(): Promise<void>
}

export interface DatabaseProcessOptions {
  readonly command: readonly string[]
  readonly log: string
  readonly isReady: () => Promise<boolean>
  /** What makes it end orderly without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals
  /** What is quicker, and yet leaves nothing of it on the machine but its files. */
  readonly endSignal: NodeJS.Signals
}

/** The process of a {@link DatabaseServer}. */
export class DatabaseProcess implements DatabaseServer {
  readonly #options: DatabaseProcessOptions
  #daemon: Daemon | undefined

  constructor(options: DatabaseProcessOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { command, log, isReady } = this.#options
    const [program, ...args] = command
    if (this.#daemon?.isRunning) throw new Error(`${program} runs already`)
    this.#daemon = await startDaemon(program!, args, { log })
    await this.#daemon.waitUntil(isReady)
  }

  async stop(): Promise<void> {
    await this.#daemon?.end(this.#options.stopSignal)
  }

  async kill(): Promise<void> {
    if (!this.#daemon?.isRunning) return
    await killTree(this.#daemon.pid)
    await this.#daemon.end('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.end(this.#options.endSignal)
  }
}
