import { once } from 'node:events'
import { type Duplex, PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { errorMessage } from '../../errors.ts'
import { LastWords } from '../../process/last-words.ts'
import type { ProgramOptions, RunningProgram } from '../../process/program.ts'
import { exitedWith, ProgramFailedError, tookTooLong } from '../../process/program-failed-error.ts'
import { DockerError } from '../engine-error.ts'
import type { DockerEngine } from '../engine.ts'
import { demultiplex } from './demultiplex.ts'

export interface ContainerProgramOptions extends Omit<ProgramOptions, 'cwd' | 'env'> {
  /** Variables for the program beside those of the container; who may look at its processes there sees them. */
  readonly variables?: Readonly<Record<string, string>>
  /** By name or number; the container's own by default. */
  readonly user?: string
}

type Container = { readonly id: string; readonly name: string }

/** How long a program that is told to stop may take before it is killed, and before we no longer wait for that. */
const PATIENCE_S = 5
const GIVE_UP_MS = 10_000
const LOOK_MS = 20
/** The shell's statuses for what it cannot run, and cannot find. */
const NOT_STARTED: ReadonlySet<number> = new Set([126, 127])

/**
 * The program, and a watch beside it that ends it when our line is cut: also when we are killed, so that no dump goes on in
 * there and holds its locks.
 */
const ON_A_LINE = `
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
(
  while read -r _ <&3; do :; done
  kill -TERM "$program" && sleep ${PATIENCE_S} && kill -KILL "$program"
) >/dev/null 2>&1 &
watch=$!
wait "$program"
status=$?
kill "$watch" 2>/dev/null
exit "$status"
`

/** Where the line is the program's input, its end is that of the input, and stopping it takes the program's number. */
const WITH_INPUT = `
echo "$$" >&2
exec "$@"
`

const STOP = `kill -TERM "$0" && sleep ${PATIENCE_S} && kill -KILL "$0"`

/**
 * Starts a program in a running container and streams what it reads and prints; nothing is written in there. The container
 * needs `sh`. Arguments are not repeated in messages, because they may hold secrets.
 *
 * One that reads no input ends with us, also when we are killed; one that reads input sees its end then. Disposing stops it and
 * waits for that.
 */
export function startInContainer(
  engine: DockerEngine,
  container: Container,
  command: readonly string[],
  options: ContainerProgramOptions,
): RunningProgram {
  const { signal, timeoutMs } = options
  signal.throwIfAborted()
  const run = new ContainerRun(engine, container, command, options)
  let isLate = false
  const stop = (): void => void run.stop()
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => ((isLate = true), stop()), timeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  const over = run.status.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  })
  over.catch(() => undefined) // whoever asks how it ended is told
  return {
    stdout: run.stdout,
    async succeeded() {
      const status = await over.catch((error: unknown) => {
        signal.throwIfAborted()
        throw error
      })
      signal.throwIfAborted()
      if (isLate) throw tookTooLong(run.what, timeoutMs!)
      if (NOT_STARTED.has(status)) throw notStarted(run.what, status, run.words)
      if (status !== 0) throw exitedWith(run.what, status, run.words)
      const feedError = await run.fed
      if (feedError !== undefined) throw feedError
    },
    async [Symbol.asyncDispose]() {
      run.stdout.destroy()
      await run.stop()
    },
  }
}

class ContainerRun {
  /** For messages. */
  readonly what: string
  readonly stdout = new PassThrough()
  readonly status: Promise<number>
  /** What broke the input; a program that stops reading is judged by its status. */
  readonly fed: Promise<Error | undefined>
  readonly #engine: DockerEngine
  readonly #container: Container
  readonly #stderr = new PassThrough()
  readonly #words: LastWords
  readonly #options: ContainerProgramOptions
  readonly #begun: Promise<{ readonly exec: Docker.Exec; readonly line: Duplex }>
  /** Settles when nobody reads on. */
  readonly #readerGone: Promise<unknown>
  /** Of one that reads input, inside the container; what it prints first on standard error, up to the end of the line. */
  #pid = ''
  #isPidWhole: boolean
  #isOver = false

  constructor(
    engine: DockerEngine,
    container: Container,
    command: readonly string[],
    options: ContainerProgramOptions,
  ) {
    this.what = `${command[0]} in the container ${container.name}`
    this.#engine = engine
    this.#container = container
    this.#options = options
    this.#words = new LastWords(this.#stderr, options.onComplaint)
    this.#isPidWhole = options.stdin === undefined
    this.#readerGone = once(this.stdout, 'close').catch(() => undefined) // without a reader there is nobody to tell
    this.#begun = this.#begin(command)
    this.fed = this.#feed()
    this.status = this.#follow()
  }

  get words(): string {
    return this.#words.text
  }

  /** Stops the program if it runs still, and waits until it is gone, or does not want to go. */
  async stop(): Promise<void> {
    const begun = await this.#begun.catch(() => undefined)
    if (begun === undefined || this.#isOver) return
    this.stdout.resume() // one that waits for its reader could not end
    begun.line.end()
    const asked = this.#pid === '' ? Promise.resolve() : this.#kill(this.#pid)
    const ended = Promise.all([this.status.catch(() => undefined), asked.catch(() => undefined)])
    await Promise.race([ended, sleep(GIVE_UP_MS, undefined, { ref: false })])
    begun.line.destroy()
  }

  async #begin(command: readonly string[]): Promise<{ exec: Docker.Exec; line: Duplex }> {
    const { variables = {}, user, stdin } = this.#options
    const doing = `run ${this.what}`
    const exec = await this.#engine.ask(doing, (api) =>
      api.getContainer(this.#container.id).exec({
        Cmd: ['sh', '-c', stdin ? WITH_INPUT : ON_A_LINE, 'sh', ...command],
        Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
        ...(user === undefined ? {} : { User: user }),
        ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: false },
      }),
    )
    const line = await this.#engine.ask(doing, () => exec.start({ hijack: true, stdin: true, Tty: false }))
    line.on('error', () => undefined) // it is seen by who reads and writes
    return { exec, line }
  }

  async #feed(): Promise<Error | undefined> {
    const { stdin } = this.#options
    if (!stdin) return undefined
    try {
      const { line } = await this.#begun
      const closed = once(line, 'close').catch(() => undefined)
      for await (const bytes of stdin) {
        if (line.destroyed || this.#isOver) return undefined
        if (!line.write(bytes)) await Promise.race([once(line, 'drain'), closed])
      }
      line.end()
      return undefined
    } catch (error) {
      void this.stop()
      return error as Error
    }
  }

  /** @returns its exit status */
  async #follow(): Promise<number> {
    try {
      const { exec, line } = await this.#begun
      for await (const { stream, bytes } of demultiplex(line)) {
        if (stream === 'stderr') this.#stderr.write(this.#withoutPid(bytes))
        else if (!this.stdout.destroyed && !this.stdout.write(bytes)) {
          await Promise.race([once(this.stdout, 'drain'), this.#readerGone])
        }
      }
      const status = await this.#statusOf(exec)
      this.stdout.end()
      return status
    } catch (error) {
      const lost =
        error instanceof DockerError
          ? error
          : new DockerError(`nothing more was heard of ${this.what}: ${errorMessage(error)}`, { cause: error })
      this.stdout.destroy(lost)
      throw lost
    } finally {
      this.#isOver = true
      this.#stderr.end()
    }
  }

  async #statusOf(exec: Docker.Exec): Promise<number> {
    const engine = this.#engine.outlastingStops()
    for (;;) {
      const { Running, ExitCode } = await engine.ask(`see how ${this.what} ended`, () => exec.inspect())
      if (!Running && ExitCode !== null) return ExitCode
      await sleep(LOOK_MS)
    }
  }

  #withoutPid(bytes: Uint8Array): Uint8Array {
    if (this.#isPidWhole) return bytes
    const end = bytes.indexOf(0x0a)
    this.#pid += Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString('latin1')
    this.#isPidWhole = end !== -1
    return end === -1 ? new Uint8Array() : bytes.subarray(end + 1)
  }

  async #kill(pid: string): Promise<void> {
    const engine = this.#engine.outlastingStops()
    const doing = `stop ${this.what}`
    const exec = await engine.ask(doing, (api) =>
      api.getContainer(this.#container.id).exec({ Cmd: ['sh', '-c', STOP, pid] }),
    )
    await engine.ask(doing, () => exec.start({ Detach: true }))
  }
}

function notStarted(what: string, status: number, words: string): ProgramFailedError {
  return new ProgramFailedError(`cannot run ${what}${words === '' ? '' : `: ${words}`}`, {
    exitCode: status,
    hint: 'the image has no such program, or no shell: use the address of the server instead, with programs of this host',
  })
}
