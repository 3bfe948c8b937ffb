import { type ChildProcess, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorMessage, systemCode } from '../errors.ts'
import { LastWords } from './last-words.ts'
import { outputOf } from './output-of.ts'
import { exitedWith, ProgramFailedError, tookTooLong } from './program-failed-error.ts'

/** How long a program that is told to stop may take before it is killed. */
const PATIENCE_MS = 5000

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
  { longestOutput, ...options }: ProgramOptions & { readonly longestOutput?: number },
): Promise<string> {
  await using running = startProgram(command, options)
  return await outputOf(running, command[0] ?? '', longestOutput)
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

function failure(program: string, verdict: Verdict, words: string): ProgramFailedError {
  const said = words === '' ? '' : `: ${words}`
  switch (verdict.kind) {
    case 'exited':
      return exitedWith(program, verdict.code, words)
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
