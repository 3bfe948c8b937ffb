import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Duplex } from 'node:stream'

/** What rclone said last is kept. */
const KEPT_STDERR = 4 * 1024
/** How long rclone may take to finish what it does. */
const END_GRACE_MS = 5000

/** A running rclone that serves over its stdin and stdout. */
export class RcloneProcess {
  /** Both directions of the connection. */
  readonly connection: Duplex
  /** Resolves when the program has ended and all its output was read; never rejects. */
  readonly ended: Promise<void>
  readonly #child: ChildProcessWithoutNullStreams
  #stderr = ''

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.connection = Duplex.from({ writable: child.stdin, readable: child.stdout })
    // Whoever uses the connection sees its end; it may also end when nobody does.
    this.connection.on('error', () => undefined)
    this.ended = once(child, 'close').then(
      () => undefined,
      () => undefined,
    )
    child.stderr.on('data', (part: Buffer) => (this.#stderr = (this.#stderr + part.toString()).slice(-KEPT_STDERR)))
  }

  /**
   * Starts the program, without a shell.
   *
   * @throws what the system says when it cannot be started
   */
  static async start(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<RcloneProcess> {
    const [program, ...args] = command
    const child = spawn(program!, args, {
      // In a session of its own: Ctrl-C at the terminal must not end the connection over which we tidy up.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(env && { env: { ...env } }),
    })
    const started = new RcloneProcess(child)
    await once(child, 'spawn')
    return started
  }

  /** The last complaint on stderr, which is its log; all that is kept of it when nothing looks like one. */
  get complaint(): string {
    const lines = this.#stderr.trim().split('\n')
    return lines.findLast((line) => /ERROR|CRITICAL|Failed|Fatal|panic/.test(line)) ?? lines.join(' ')
  }

  /** For messages, after it has {@link RcloneProcess.ended}. */
  get outcome(): string {
    const { exitCode, signalCode } = this.#child
    return exitCode === null ? `was ended by ${signalCode ?? 'the system'}` : `ended with exit code ${exitCode}`
  }

  /** Closes its stdin, gives it time to finish, and then ends it. */
  async end(): Promise<void> {
    this.#child.stdin.end()
    const controller = new AbortController()
    const late = setTimeout(END_GRACE_MS, 'late', { signal: controller.signal }).catch(() => 'in time')
    if ((await Promise.race([this.ended, late])) === 'late') this.#kill()
    controller.abort()
    await this.ended
  }

  /** Ends it with the programs that it has started. */
  #kill(): void {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL')
    } catch {
      this.#child.kill('SIGKILL')
    }
  }
}
