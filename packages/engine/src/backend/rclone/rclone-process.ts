import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { makeSocketPair } from './socket-pair.ts'

/** What rclone said last is kept. */
const KEPT_STDERR = 4 * 1024
/** How long the output of a program that has ended is waited for: another one may hold it open for ever. */
const OUTPUT_GRACE_MS = 1000
/** How long rclone may take to finish what it does. */
const END_GRACE_MS = 5000

/** A running rclone that serves over its stdin and stdout. */
export class RcloneProcess {
  /** Both directions, its stdin and its stdout. */
  readonly connection: Socket
  /** Resolves when the program has ended and its output was read; never rejects. */
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  #stderr = ''

  private constructor(child: ChildProcess, connection: Socket) {
    this.#child = child
    this.connection = connection
    // Whoever uses the connection sees its end; it may also end when nobody does.
    connection.on('error', () => undefined)
    this.ended = endOf(child)
    child.stderr!.on('data', (part: Buffer) => (this.#stderr = (this.#stderr + part.toString()).slice(-KEPT_STDERR)))
  }

  /**
   * Starts the program, without a shell.
   *
   * @throws what the system says when it cannot be started
   */
  static async start(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<RcloneProcess> {
    const [program, ...args] = command
    const { ours, theirs } = await makeSocketPair()
    try {
      const child = spawn(program!, args, {
        // In a session of its own: Ctrl-C at the terminal must not end the connection over which we tidy up.
        detached: true,
        stdio: [theirs, theirs, 'pipe'],
        ...(env && { env: { ...env } }),
      })
      const started = new RcloneProcess(child, ours)
      await once(child, 'spawn')
      return started
    } catch (error) {
      ours.destroy()
      throw error
    } finally {
      theirs.destroy()
    }
  }

  /** The last complaint on stderr, which is its log; all that is kept of it when nothing looks like one. */
  async complaint(): Promise<string> {
    // What rclone wrote before its answer may lie in the pipe still.
    await setImmediate()
    const lines = this.#stderr.trim().split('\n')
    return lines.findLast((line) => /ERROR|CRITICAL|Failed|Fatal|panic/.test(line)) ?? lines.join(' ')
  }

  /** For messages, after it has {@link RcloneProcess.ended}. */
  get outcome(): string {
    const { exitCode, signalCode } = this.#child
    return exitCode === null ? `was ended by ${signalCode ?? 'the system'}` : `ended with exit code ${exitCode}`
  }

  /** Closes the connection, gives it time to finish, and then ends it. */
  async end(): Promise<void> {
    this.connection.destroy()
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

async function endOf(child: ChildProcess): Promise<void> {
  // Both are watched from the start: either may come first.
  const closed = once(child, 'close').catch(() => undefined)
  try {
    await once(child, 'exit')
  } catch {
    return // it was never started
  }
  await Promise.race([closed, setTimeout(OUTPUT_GRACE_MS, undefined, { ref: false })])
  child.stderr!.destroy()
}
