import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { KnownError } from '@hikae/engine'
import { errorMessage, systemCode } from '../errors.ts'
import { searchPathOf } from './search-path.ts'

/** A disk that answers at all has answered by then; one that is dying may never. */
const TIMEOUT_MS = 20_000

/** Which Debian package brings a program, and most distributions' package of the same name. */
const PACKAGES: Readonly<Record<string, string>> = { 'mkfs.ext4': 'e2fsprogs', debugfs: 'e2fsprogs' }

export interface ToolOptions {
  /** Folders to find the program in, separated by colons. */
  readonly searchPath?: string
  /** Exit codes that are an answer; 0 by default. */
  readonly accepts?: readonly number[]
  readonly timeoutMs?: number
  /** Ends the program. */
  readonly signal?: AbortSignal | undefined
}

export interface ToolResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** A program of the system that is needed is not installed. */
class ToolMissingError extends KnownError {
  override readonly name = 'ToolMissingError'
  readonly code = 'TOOL_MISSING'

  constructor(program: string, cause: unknown) {
    super(`the program ${program} is not installed`, {
      hint: `install the package ${PACKAGES[program] ?? 'util-linux'} (apt install ${PACKAGES[program] ?? 'util-linux'})`,
      cause,
    })
  }
}

/** A program of the system refused, failed or took too long. */
export class ToolFailedError extends KnownError {
  override readonly name = 'ToolFailedError'
  readonly code = 'TOOL_FAILED'
}

/**
 * Runs a program of the system to its end, without a shell, in English, and without the cache of file systems that blkid
 * keeps: it names disks that have gone.
 *
 * @throws {ToolMissingError}
 * @throws {ToolFailedError} an exit code that is not among `accepts`, an end by a signal, or no end in time
 */
export async function runTool(
  program: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const { accepts = [0], timeoutMs = TIMEOUT_MS, signal } = options
  signal?.throwIfAborted()
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: options.searchPath ?? searchPathOf(undefined), LC_ALL: 'C', BLKID_FILE: '/dev/null' },
    ...(signal === undefined ? {} : { signal }),
  })
  const exit = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, killedBy) => resolve(code ?? killedBy!))
  })
  const answer = Promise.all([text(child.stdout), text(child.stderr), exit])
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    // One that waits for a dead disk cannot be killed: nobody waits for it.
    child.kill('SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
    child.unref()
    deadline.reject(tookTooLong(program, args, timeoutMs))
  }, timeoutMs)
  try {
    const [stdout, stderr, exitCode] = await Promise.race([answer, deadline.promise])
    if (typeof exitCode === 'number' && accepts.includes(exitCode)) return { stdout, stderr, exitCode }
    throw failed(program, args, exitCode, stderr || stdout)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof KnownError) throw error
    if (systemCode(error) === 'ENOENT') throw new ToolMissingError(program, error)
    throw new ToolFailedError(`cannot run ${program}: ${errorMessage(error)}`, {
      hint: `run \`${program}\` by hand to see why`,
      cause: error,
    })
  } finally {
    clearTimeout(timer)
    answer.catch(() => undefined) // given up on
  }
}

function tookTooLong(program: string, args: readonly string[], timeoutMs: number): ToolFailedError {
  return new ToolFailedError(`\`${[program, ...args].join(' ')}\` took longer than ${Math.round(timeoutMs / 1000)} s`, {
    hint: 'a disk may not answer any more: look at `dmesg`, and unplug it',
  })
}

function failed(program: string, args: readonly string[], end: number | NodeJS.Signals, said: string): ToolFailedError {
  const how = typeof end === 'number' ? `exited with ${end}` : `was ended by ${end}`
  const why = said.trim().slice(-500)
  return new ToolFailedError(`${program} ${how}${why === '' ? '' : `: ${why}`}`, {
    hint: `run \`${[program, ...args].join(' ')}\` by hand to see why`,
  })
}
