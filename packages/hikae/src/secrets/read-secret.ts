import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { errorMessage, InputError, UsageError } from '../errors.ts'

/** Larger files certainly hold no secret. */
const LONGEST_FILE = 64 * 1024

/**
 * The secret in a file, without the white space around it.
 *
 * @param what for messages: `password`
 * @throws {UsageError} the file cannot be read or is no text
 */
export async function readSecretFile(path: string, what: string): Promise<string> {
  try {
    return textFrom(await readFile(path), `the ${what} file ${path}`, what)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`cannot read the ${what} file ${path}: ${errorMessage(error)}`, { cause: error })
  }
}

/**
 * The secret that a program prints. Its standard error is ours, so that it can ask and complain.
 *
 * @throws {InputError} the program failed; what it printed is not repeated
 */
export async function readSecretFromProgram(
  [program = '', ...args]: readonly string[],
  what: string,
  signal: AbortSignal,
): Promise<string> {
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'inherit'], signal })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [output, exitCode] = await Promise.all([buffer(child.stdout), ended]).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new InputError(`cannot run the ${what} command: ${errorMessage(error)}`, { cause: error })
  })
  if (exitCode !== 0) {
    throw new InputError(`the ${what} command ended with ${exitCode ?? 'a signal'}`, {
      hint: 'run the same command by hand to see why',
    })
  }
  return textFrom(output, `the output of the ${what} command`, what)
}

function textFrom(bytes: Uint8Array, origin: string, what: string): string {
  if (bytes.length > LONGEST_FILE) throw new UsageError(`${origin} is too long for a ${what}`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
  } catch (error) {
    throw new UsageError(`${origin} is not UTF-8 text`, { cause: error })
  }
}
