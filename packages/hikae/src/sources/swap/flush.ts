import { runProgram } from '../../process/program.ts'
import { ProgramFailedError } from '../../process/program-failed-error.ts'
import type { ReadContext } from '../source-kind.ts'

/**
 * Has the system write down what it holds of a file system, before something old is moved away for it. Where that cannot be
 * done, the old that is kept is what is left after a loss of power.
 */
export async function flushFileSystem(folder: string, signal: AbortSignal, { env, log }: ReadContext): Promise<void> {
  try {
    await runProgram(['sync', '-f', folder], { env, signal })
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ProgramFailedError)) throw error
    log(`what was restored may not outlast a loss of power in the next seconds: ${error.message}`)
  }
}
