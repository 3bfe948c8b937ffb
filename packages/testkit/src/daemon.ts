import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { findProgram } from './requirements.ts'

export interface DaemonOptions {
  /** File that gets stdout and stderr, at its end. A pipe would keep whoever reads it waiting for the daemon. */
  readonly log: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A server program under test. Disposing of it kills it and waits for its end; so does the end of this process. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number
  /** Returns as soon as `isReady` says so; throws with the end of the log when the program ends first, or after `timeoutMs`. */
  waitUntil(isReady: () => Promise<boolean>, timeoutMs?: number): Promise<void>
  readonly isRunning: boolean
  /** Asks it to end, and waits until it has; one that has ended already is none the worse. */
  end(signal: NodeJS.Signals): Promise<void>
}

/** Starts a program that stays in the foreground. */
export async function startDaemon(
  program: string,
  args: readonly string[],
  { log, env }: DaemonOptions,
): Promise<Daemon> {
  const output = await open(log, 'a')
  const [file, ...rest] = [...(await boundToThisProcess()), program, ...args]
  const child = spawn(file!, rest, { env: { ...process.env, ...env }, stdio: ['ignore', output.fd, output.fd] })
  const closed = once(child, 'close')
  closed.catch(() => undefined) // a program that cannot be started is reported through `spawn`
  try {
    await once(child, 'spawn')
  } finally {
    await output.close()
  }
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!hasEnded()) child.kill(signal)
    await closed
  }
  return {
    pid: child.pid!,
    async waitUntil(isReady, timeoutMs = 90_000) {
      const deadline = performance.now() + timeoutMs
      while (!(await isReady())) {
        const trouble = hasEnded() ? 'has ended' : performance.now() > deadline ? `is not ready in ${timeoutMs} ms` : ''
        if (trouble !== '') throw new Error(`${program} ${trouble}: ${(await readFile(log, 'utf8')).slice(-2000)}`)
        await setTimeout(20)
      }
    },
    get isRunning() {
      return !hasEnded()
    },
    end,
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}

/** The kernel then kills the daemon with us, however we end. */
async function boundToThisProcess(): Promise<string[]> {
  const setpriv = await findProgram('setpriv')
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']
}

/** For {@link Daemon.waitUntil}: whether a server answers a request for `url`, whatever it says. */
export async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer()
    return true
  } catch {
    return false // not yet
  }
}
