import type { Environment } from '../../environment.ts'
import { runProgram } from '../../process/program.ts'

/** What systemd is told by the services that it starts. */
export interface ServiceManager extends AsyncDisposable {
  /** Everything is up. */
  ready(): Promise<void>
  /** Tells in a few words what is going on. */
  status(text: string): Promise<void>
  stopping(): Promise<void>
}

/** So many signs of life in the time that systemd allows between two. */
const SIGNS_PER_PERIOD = 3
const TIMEOUT_MS = 10_000

/**
 * Talks to systemd through its own program, where it has asked to be told (`Type=notify`), and gives signs of life where
 * it watches (`WatchdogSec=`). Elsewhere it does nothing.
 *
 * @param onTrouble a message did not arrive
 */
export function openServiceManager(env: Environment, onTrouble: (error: unknown) => void): ServiceManager {
  const isAsked = env['NOTIFY_SOCKET'] !== undefined && env['NOTIFY_SOCKET'] !== ''
  const tell = async (...assignments: readonly string[]): Promise<void> => {
    if (!isAsked) return
    try {
      const signal = new AbortController().signal
      await runProgram(['systemd-notify', ...assignments], { env, signal, timeoutMs: TIMEOUT_MS })
    } catch (error) {
      onTrouble(error)
    }
  }
  const periodMs = Number(env['WATCHDOG_USEC'] ?? 0) / 1000
  const timer =
    isAsked && periodMs > 0 ? setInterval(() => void tell('WATCHDOG=1'), periodMs / SIGNS_PER_PERIOD) : undefined
  timer?.unref()
  return {
    ready: () => tell('READY=1', 'STATUS=waiting for the next job'),
    status: (text) => tell(`STATUS=${text}`),
    stopping: () => tell('STOPPING=1'),
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
    },
  }
}
