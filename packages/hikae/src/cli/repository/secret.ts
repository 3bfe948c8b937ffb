import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { errorMessage, InputError, UsageError } from '../errors.ts'

/** Larger files are certainly no password file. */
const LONGEST_FILE = 64 * 1024

/**
 * The password in a file, without the white space around it.
 *
 * @throws {UsageError} the file cannot be read or is no text
 */
export async function readPasswordFile(path: string): Promise<string> {
  try {
    return passwordFrom(await readFile(path), `the password file ${path}`)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`cannot read the password file ${path}: ${errorMessage(error)}`, { cause: error })
  }
}

/**
 * The password that a shell command prints. Its standard error is ours, so that it can ask and complain.
 *
 * @throws {InputError} the command failed; what it printed is not repeated
 */
export async function readPasswordFromCommand(commandLine: string, signal: AbortSignal): Promise<string> {
  const child = spawn('/bin/sh', ['-c', commandLine], { stdio: ['inherit', 'pipe', 'inherit'], signal })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [output, exitCode] = await Promise.all([buffer(child.stdout), ended]).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new InputError(`cannot run the password command: ${errorMessage(error)}`, { cause: error })
  })
  if (exitCode !== 0) {
    throw new InputError(`the password command ended with ${exitCode ?? 'a signal'}`, {
      hint: 'run the same command by hand to see why',
    })
  }
  return passwordFrom(output, 'the output of the password command')
}

function passwordFrom(bytes: Uint8Array, origin: string): string {
  if (bytes.length > LONGEST_FILE) throw new UsageError(`${origin} is too long for a password`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
  } catch (error) {
    throw new UsageError(`${origin} is not UTF-8 text`, { cause: error })
  }
}
