import { type ChildProcess, spawn } from 'node:child_process'
import { watchMemory } from './memory-watch.ts'

/** One program to run. `env` is added to the environment of the benchmark itself. */
export interface Command {
  file: string
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  cwd?: string
  /** Processes that work for it and are not its children, such as those in containers. */
  helpers?: () => readonly number[]
}

export interface Measurement {
  /** From starting the program to its end. */
  seconds: number
  /** Of the program, its children and its helpers together. */
  peakMemoryBytes: number
}

/** A measured program did not succeed; a time of such a run would say nothing. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError'

  constructor(command: Command, how: string, output: string) {
    super(`${[command.file, ...command.args].join(' ')} ${how}: ${output.trim().slice(-1000)}`)
  }
}

/**
 * Runs a program to its end and measures it. Its output is read and dropped, as a log file would.
 *
 * @throws {CommandFailedError} any exit code but 0 @throws the signal's reason
 */
export async function measure(command: Command, signal: AbortSignal): Promise<Measurement> {
  const started = performance.now()
  const child = start(command, signal)
  const memory = watchMemory(() => [...(child.pid === undefined ? [] : [child.pid]), ...(command.helpers?.() ?? [])])
  try {
    await success(child, command, signal)
    return { seconds: (performance.now() - started) / 1000, peakMemoryBytes: memory.peakBytes() }
  } finally {
    memory.stop()
  }
}

/** Runs a program that is not measured, and returns what it printed; throws as {@link measure} does. */
export async function output(command: Command, signal: AbortSignal): Promise<string> {
  const child = start(command, signal)
  let printed = ''
  child.stdout?.on('data', (chunk: string) => (printed += chunk))
  await success(child, command, signal)
  return printed
}

/** Starts the program in a process group of its own, so that an abort reaches a whole pipeline. */
function start(command: Command, signal: AbortSignal): ChildProcess {
  signal.throwIfAborted()
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  return child
}

/** Resolves when the program has ended with exit code 0 and all its output was read. */
async function success(child: ChildProcess, command: Command, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid)
  }
  signal.addEventListener('abort', stop)
  let tail = ''
  const keepTail = (chunk: string): void => void (tail = (tail + chunk).slice(-4000))
  child.stdout?.on('data', keepTail)
  child.stderr?.on('data', keepTail)
  child.on('error', reject)
  child.on('close', (code, killedBy) => {
    if (signal.aborted) reject(signal.reason as Error)
    else if (code === 0) resolve()
    else reject(new CommandFailedError(command, `ended with ${code ?? killedBy}`, tail))
  })
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
