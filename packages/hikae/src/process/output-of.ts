import { ProgramFailedError } from './program-failed-error.ts'
import type { RunningProgram } from './program.ts'

const LONGEST_OUTPUT = 16 * 1024 * 1024

/**
 * What a program prints until it ends.
 *
 * @param what for messages: `psql`
 * @param longest bytes that are kept; a longer output is a failure (default 16 MiB)
 * @throws {ProgramFailedError}
 */
export async function outputOf(running: RunningProgram, what: string, longest = LONGEST_OUTPUT): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of running.stdout) {
    bytes += part.length
    if (bytes > longest) {
      throw new ProgramFailedError(`${what} printed more than ${longest} bytes`, {
        exitCode: null,
        hint: 'run the same command by hand to see what it prints',
      })
    }
    parts.push(part)
  }
  await running.succeeded()
  return Buffer.concat(parts).toString()
}
