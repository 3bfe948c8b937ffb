import type { Environment } from '../environment.ts'
import type { Output } from './output/output.ts'

export type { Environment } from '../environment.ts'

/** The parts of a process stream that the command line uses. */
export interface OutputStream {
  write(chunk: string | Uint8Array): boolean
  once(event: 'drain' | 'error', listener: (error?: Error) => void): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The process as `main.ts` found it; nothing else reads argv, environment or signals. */
export interface Io {
  readonly env: Environment
  readonly stdin: NodeJS.ReadStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** Aborted by the first SIGINT or SIGTERM, when the terminal is closed, and when nobody reads our output any more. */
  readonly signal: AbortSignal
  /** Has a function called at each SIGHUP that does not mean that the terminal has gone. */
  readonly onHangUp?: (listener: () => void) => void
}

/** What a command gets besides its input. */
export interface CommandContext {
  readonly io: Io
  readonly env: Environment
  readonly signal: AbortSignal
  readonly out: Output
}
