import type { Environment } from '../environment.ts'
import { runProgram } from '../process/program.ts'
import type { Hook } from './hook-schema.ts'

/** Of a hook's output, in the log. */
const LONGEST_LINE = 2000

export interface HookContext {
  /** Of the stack file. */
  readonly folder: string
  readonly env: Environment
  readonly signal: AbortSignal
  /** For the programs, besides our own environment: `HIKAE_JOB`, `HIKAE_OUTCOME`. */
  readonly variables: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

/**
 * Runs programs one after the other, each to its end; what they print goes to the log.
 *
 * @throws {ProgramFailedError} one failed; those after it are not run
 */
export async function runHooks(
  hooks: readonly Hook[],
  { folder, signal, log, ...context }: HookContext,
): Promise<void> {
  for (const { run, timeout } of hooks) {
    const tell = (line: string): void => log(`${run[0]}: ${line.slice(0, LONGEST_LINE)}`)
    const output = await runProgram(run, {
      cwd: folder,
      env: { ...context.env, ...context.variables },
      timeoutMs: timeout,
      signal,
      onComplaint: tell,
    })
    for (const line of output.split('\n')) if (line !== '') tell(line)
  }
}
