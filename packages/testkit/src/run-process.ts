import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

export interface ProcessOptions {
  readonly cwd?: string
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Written to the process's stdin, which is then closed; closed at once by default. */
  readonly input?: Uint8Array | string
  /** After this the process is killed and `finished` rejects; 60 seconds. */
  readonly timeoutMs?: number
}

export interface ProcessResult {
  readonly stdout: string
  /** The same as `stdout`, undecoded. */
  readonly stdoutBytes: Buffer
  readonly stderr: string
  /** null when a signal ended the process. */
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process under test. Disposing of it kills it, if it still runs, and waits for its end. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number
  kill(signal?: NodeJS.Signals): void
  /** Resolves with any exit code; rejects on timeout and when the program cannot be started. */
  readonly finished: Promise<ProcessResult>
  /** Resolves when stdout or stderr holds `text` so many times, 1 by default; rejects when the process ends without it. */
  printed(text: string, times?: number): Promise<void>
}

/** Starts a program without a shell. Its output is captured whole, so it must fit into memory. */
export async function startProcess(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  closed.catch(() => undefined) // reported through `spawn` or `finished`
  await once(child, 'spawn')
  // A program that ends without reading its input is no failure of ours.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input)

  const describe = (): string => `${program} ${args.join(' ')}`
  const finished = (async (): Promise<ProcessResult> => {
    const timeoutMs = options.timeoutMs ?? 60_000
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
      // Children of the child may hold these open for ever.
      child.stdout.destroy()
      child.stderr.destroy()
    }, timeoutMs)
    const [exitCode, signal] = await closed.finally(() => clearTimeout(timer))
    if (timedOut) throw new Error(`${describe()} ran longer than ${timeoutMs} ms: ${stderr().toString().slice(-2000)}`)
    const bytes = stdout()
    return { stdout: bytes.toString(), stdoutBytes: bytes, stderr: stderr().toString(), exitCode, signal }
  })()
  finished.catch(() => undefined) // whoever awaits it sees the failure; a disposed process has nobody waiting

  return {
    pid: child.pid!,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    finished,
    async printed(text, times = 1) {
      const isThere = (): boolean => [stdout, stderr].some((output) => output().toString().split(text).length > times)
      for (;;) {
        if (isThere()) return
        if (child.exitCode !== null || child.signalCode !== null) {
          await closed
          if (isThere()) return
          throw new Error(`${describe()} ended without printing ${JSON.stringify(text)}: ${stderr().toString()}`)
        }
        const stop = new AbortController()
        const more = [child.stdout, child.stderr].map((stream) => once(stream, 'data', { signal: stop.signal }))
        await Promise.race([...more, closed])
        stop.abort()
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await closed
    },
  }
}

/** Runs a program to its end. Any exit code is a result; see {@link runOk}. */
export async function runProcess(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  await using running = await startProcess(program, args, options)
  return await running.finished
}

/** Runs a program that has to succeed; the error carries what it printed. */
export async function runOk(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const result = await runProcess(program, args, options)
  if (result.exitCode === 0) return result
  const end = result.exitCode === null ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`
  throw new Error(`${program} ${args.join(' ')} ${end}\n${result.stderr.slice(-4000)}\n${result.stdout.slice(-2000)}`)
}

function collect(stream: Readable): () => Buffer {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks)
}
