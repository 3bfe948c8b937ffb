import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../environment.ts'
import type { Answer, DatabaseTasks, Request, TaskName } from './process/tasks.ts'
import { SqliteError } from './sqlite-error.ts'

/** For ending the task at hand and leaving nothing beside the database; after that it is killed. */
const PATIENCE_MS = 300
/** Of what a crash leaves on standard error, in messages. */
const LONGEST_WORDS = 500

/** The process that does what is done through SQLite, see `process/program.ts`. Disposing of it kills it and waits. */
export class DatabaseProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #signal: AbortSignal
  readonly #ended: Promise<string>

  /** @param signal ends the task at hand, which is then rejected with the reason, and the process with it */
  constructor(env: Environment, signal: AbortSignal) {
    signal.throwIfAborted()
    this.#signal = signal
    const program = `process/program${extname(import.meta.filename)}`
    this.#child = fork(fileURLToPath(new URL(program, import.meta.url)), {
      env,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#ended = endOf(this.#child)
    signal.addEventListener('abort', this.#stop, { once: true })
  }

  /** Of the process, to tell it from others that use a database. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /**
   * One task at a time.
   *
   * @throws {SqliteError} SQLite or the system refused @throws {InputError} the process ended
   */
  async run<Name extends TaskName>(
    kind: Name,
    given: DatabaseTasks[Name]['given'],
  ): Promise<DatabaseTasks[Name]['gives']> {
    this.#signal.throwIfAborted()
    const answer = await this.#ask({ kind, given } as Request)
    if (this.#signal.aborted) {
      // Whoever stops wants to remove what was written, which must not be written to any more.
      await this.#ended
      this.#signal.throwIfAborted()
    }
    if (answer.kind === 'failed') throw new SqliteError(answer)
    return answer.value
  }

  /** From now on a stop does not end it; only disposing of it does. */
  outlastStops(): void {
    this.#signal.removeEventListener('abort', this.#stop)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#stop)
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async #ask(request: Request): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#child.once('message', resolve)
    try {
      this.#send(request)
      return await Promise.race([promise, this.#ended.then((end) => failed(end))])
    } catch (error) {
      reject(error)
      throw error
    } finally {
      promise.catch(() => undefined) // thrown above
      this.#child.off('message', resolve)
    }
  }

  readonly #stop = (): void => {
    this.#send({ kind: 'stop' })
    const kill = (): void => void this.#child.kill('SIGKILL')
    const timer = setTimeout(kill, PATIENCE_MS)
    this.#child.once('message', kill)
    void this.#ended.then(() => clearTimeout(timer))
  }

  /** What cannot be sent is noticed by the end of the process. */
  #send(request: Request): void {
    if (this.#child.connected) this.#child.send(request, () => undefined)
  }
}

/** @returns how it ended, in words, with its own last ones */
async function endOf(child: ChildProcess): Promise<string> {
  let words = ''
  child.stderr!.on('data', (part: Buffer) => (words = `${words}${part.toString()}`.slice(-LONGEST_WORDS)))
  const end = await endInWords(child)
  return words.trim() === '' ? end : `${end}: ${words.trim()}`
}

async function endInWords(child: ChildProcess): Promise<string> {
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`))
    child.once('close', (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with status ${code}`))
  })
}

function failed(end: string): Answer {
  return { kind: 'failed', message: `the process that reads it ${end}` }
}
