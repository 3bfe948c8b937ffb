import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorMessage, ProgramError, systemCode } from '../errors.ts'

/** How long a program that is told to stop may take before it is killed. */
const PATIENCE_MS = 5000
/** Of what a program complains about, in messages. */
const LAST_WORDS = 500

export interface ProgramOptions {
  readonly cwd?: string
  /** The whole environment of the program; ours by default. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Fed to the program, which may stop reading early; nothing by default. */
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly signal: AbortSignal
  /** The program is stopped then. */
  readonly timeoutMs?: number
  /** Told of each line on standard error; without it, the last of them are in the error. */
  readonly onComplaint?: (line: string) => void
}

/** A program of somebody else's did not do what it was asked. */
export class ProgramFailedError extends ProgramError {
  override readonly name = 'ProgramFailedError'
  readonly code = 'PROGRAM_FAILED'
  /** Null when it was ended by a signal or could not be started. */
  readonly exitCode: number | null

  constructor(message: string, options: { exitCode: number | null; hint: string; cause?: unknown }) {
    super(message, options)
    this.exitCode = options.exitCode
  }
}

/** Disposing of it stops the program and what it has started, and waits for the end. */
export interface RunningProgram extends AsyncDisposable {
  /** Its end is no success. */
  readonly stdout: AsyncIterable<Uint8Array>
  /** @throws {ProgramFailedError} it ended with another status than 0, by a signal, late, or never started */
  succeeded(): Promise<void>
}

/**
 * Starts a program without a shell, in a process group of its own: what it starts ends with it. Arguments are not repeated
 * in messages, because they may hold secrets.
 */
export function startProgram([program = '', ...args]: readonly string[], options: ProgramOptions): RunningProgram {
  const { cwd, env, stdin, signal, timeoutMs } = options
  signal.throwIfAborted()
  const child = spawn(program, args, {
    stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  })
  const words = new LastWords(child.stderr!, options.onComplaint)
  const ended = endOf(child)
  const fed = stdin ? feed(child, stdin) : Promise.resolve(undefined)
  let isLate = false
  const stop = (): void => stopChild(child)
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => ((isLate = true), stop()), timeoutMs)
  signal.addEventListener('abort', stop, { once: true })
  const over = ended.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  })
  return {
    stdout: child.stdout!,
    async succeeded() {
      const verdict = await over
      signal.throwIfAborted()
      if (isLate) throw tookTooLong(program, timeoutMs!)
      if (verdict.kind !== 'exited' || verdict.code !== 0)
        throw failure(program, verdict, options.onComplaint ? '' : words.text)
      const feedError = await fed
      if (feedError) throw feedError
    },
    async [Symbol.asyncDispose]() {
      stopChild(child)
      child.stdout!.destroy()
      await over
      words.close()
    },
  }
}

/**
 * Runs a program to its end.
 *
 * @param options.longestOutput bytes of output that are kept; a longer one is a failure (default 16 MiB)
 * @returns what it printed
 * @throws {ProgramFailedError}
 */
export async function runProgram(
  command: readonly string[],
  { longestOutput = 16 * 1024 * 1024, ...options }: ProgramOptions & { readonly longestOutput?: number },
): Promise<string> {
  await using running = startProgram(command, options)
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of running.stdout) {
    bytes += part.length
    if (bytes > longestOutput) {
      throw new ProgramFailedError(`${command[0]} printed more than ${longestOutput} bytes`, {
        exitCode: null,
        hint: 'run the same command by hand to see what it prints',
      })
    }
    parts.push(part)
  }
  await running.succeeded()
  return Buffer.concat(parts).toString()
}

type Verdict =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'not-started'; readonly error: Error }

async function endOf(child: ChildProcess): Promise<Verdict> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not-started', error }))
    child.once('close', (code, signal) => {
      resolve(code === null ? { kind: 'killed', signal } : { kind: 'exited', code })
    })
  })
}

/** @returns what broke the source; a program that stops reading is judged by its exit status */
async function feed(child: ChildProcess, content: AsyncIterable<Uint8Array>): Promise<Error | undefined> {
  try {
    await pipeline(Readable.from(content), child.stdin!)
    return undefined
  } catch (error) {
    if (systemCode(error) === 'EPIPE' || systemCode(error) === 'ERR_STREAM_PREMATURE_CLOSE') return undefined
    stopChild(child)
    return error as Error
  }
}

function stopChild(child: ChildProcess): void {
  const { pid } = child
  if (child.exitCode !== null || child.signalCode !== null || pid === undefined) return
  signalGroup(pid, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), PATIENCE_MS)
  child.once('close', () => clearTimeout(timer))
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error
  }
}

/** The end of what a program says on standard error, which is read so that it never has to wait. */
class LastWords {
  readonly #lines: ReturnType<typeof createInterface>
  #text = ''

  constructor(stream: Readable, tell: ((line: string) => void) | undefined) {
    this.#lines = createInterface({ input: stream })
    this.#lines.on('line', (line) => {
      this.#text = `${this.#text}${line}\n`.slice(-LAST_WORDS)
      tell?.(line)
    })
  }

  get text(): string {
    return this.#text.trim()
  }

  close(): void {
    this.#lines.close()
  }
}

function tookTooLong(program: string, timeoutMs: number): ProgramFailedError {
  return new ProgramFailedError(`${program} took longer than ${Math.round(timeoutMs / 1000)} s and was stopped`, {
    exitCode: null,
    hint: 'run the same command by hand to see what it waits for, or allow it more time',
  })
}

function failure(program: string, verdict: Verdict, words: string): ProgramFailedError {
  const said = words === '' ? '' : `: ${words}`
  switch (verdict.kind) {
    case 'exited':
      return new ProgramFailedError(`${program} failed with exit status ${verdict.code}${said}`, {
        exitCode: verdict.code,
        hint: 'run the same command by hand to see why',
      })
    case 'killed':
      return new ProgramFailedError(`${program} was ended by ${verdict.signal ?? 'a signal'}${said}`, {
        exitCode: null,
        hint: 'find out who ended it, for instance a lack of memory, and try again',
      })
    case 'not-started':
      return new ProgramFailedError(`cannot run ${program}: ${startProblem(verdict.error)}`, {
        exitCode: null,
        hint: 'write the program and each argument by itself, or its full path',
        cause: verdict.error,
      })
  }
}

function startProblem(error: Error): string {
  return systemCode(error) === 'ENOENT' ? 'there is no such program' : errorMessage(error)
}
