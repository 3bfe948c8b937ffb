import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { explainSsh } from './explain-ssh.ts'
import type { SftpOptions } from './options.ts'
import type { SshChannel, SshTransport } from './ssh-channel.ts'

/** What ssh said last is kept: enough for its longest warning. */
const KEPT_STDERR = 16 * 1024
/** How long the output of a program that has ended is waited for: a shared master connection may hold it open for ever. */
const OUTPUT_GRACE_MS = 1000
const CLOSE_GRACE_MS = 3000

/** One process of the machine's `ssh` (or of another program) for each channel. */
export class SystemSsh implements SshTransport {
  readonly #options: SftpOptions
  readonly #command: readonly string[]

  constructor(options: SftpOptions) {
    this.#options = options
    this.#command = options.program ?? sshCommand(options)
  }

  async open(): Promise<SshChannel> {
    const [program, ...args] = this.#command
    const child = spawn(program!, args, {
      // In a session of its own: Ctrl-C at the terminal must not end the connection over which we tidy up.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(this.#options.environment && { env: { ...this.#options.environment } }),
    })
    const stderr = keepEnd(child)
    const ended = endOf(child)
    return {
      toServer: child.stdin,
      fromServer: child.stdout,
      ended: ended.then((how) => explainSsh(this.#options, { program: program!, stderr: stderr(), ...how })),
      close: () => close(child, ended),
      destroy: () => kill(child, 'SIGKILL'),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Whether the machine has an `ssh`. */
export async function hasSystemSsh(environment: SftpOptions['environment']): Promise<boolean> {
  const child = spawn('ssh', ['-V'], { stdio: 'ignore', ...(environment && { env: { ...environment } }) })
  try {
    await once(child, 'exit')
    return true
  } catch {
    return false
  }
}

/**
 * The arguments keep what `~/.ssh/config` says, except what would break a channel without a terminal: it asks nothing, and
 * forwards nothing. `-v` is for the fingerprint of a key that is refused.
 */
export function sshCommand(options: SftpOptions): string[] {
  const { host, user, port, identityFiles = [], agentSocket, knownHostsFiles, sshArguments = [] } = options
  const settings = ['BatchMode=yes', 'ClearAllForwardings=yes', 'ForwardAgent=no', 'PermitLocalCommand=no']
  if (agentSocket !== undefined) settings.push(`IdentityAgent=${quoted(agentSocket)}`)
  else if (identityFiles.length > 0) settings.push('IdentitiesOnly=yes')
  for (const file of identityFiles) settings.push(`IdentityFile=${quoted(file)}`)
  if (knownHostsFiles !== undefined) {
    const files = knownHostsFiles.map(quoted).join(' ')
    settings.push(`UserKnownHostsFile=${files}`, 'GlobalKnownHostsFile=/dev/null', 'StrictHostKeyChecking=yes')
  }
  return [
    'ssh',
    '-v',
    '-T',
    '-x',
    ...settings.flatMap((setting) => ['-o', setting]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...sshArguments,
    '-s',
    '--',
    host,
    'sftp',
  ]
}

/** As ssh wants a path: `%` begins a token there, and spaces separate files. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`
}

interface ProgramEnd {
  readonly exitCode: number | null
  /** When it could not be started. */
  readonly startError?: NodeJS.ErrnoException
}

async function endOf(child: ChildProcessWithoutNullStreams): Promise<ProgramEnd> {
  // Both are watched from the start: either may come first.
  const closed = once(child, 'close').catch(() => undefined)
  try {
    await once(child, 'exit')
  } catch (error) {
    return { exitCode: null, startError: error as NodeJS.ErrnoException }
  }
  await Promise.race([closed, setTimeout(OUTPUT_GRACE_MS, undefined, { ref: false })])
  child.stdout.destroy()
  child.stderr.destroy()
  return { exitCode: child.exitCode }
}

function keepEnd(child: ChildProcessWithoutNullStreams): () => string {
  let kept = ''
  child.stderr.on('data', (chunk: Buffer) => (kept = (kept + chunk.toString()).slice(-KEPT_STDERR)))
  child.stderr.on('error', () => undefined)
  return () => kept
}

async function close(child: ChildProcessWithoutNullStreams, ended: Promise<ProgramEnd>): Promise<void> {
  child.stdin.end()
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const timer = globalThis.setTimeout(
      () => kill(child, signal),
      signal === 'SIGTERM' ? CLOSE_GRACE_MS : 2 * CLOSE_GRACE_MS,
    )
    void ended.then(() => clearTimeout(timer))
  }
  await ended
}

/** Ends it with the programs that it has started, such as those of a jump host. */
function kill(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal)
  }
}
