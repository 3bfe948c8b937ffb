import type { Output } from '../output/output.ts'
import type { StackRunner } from './stack-runner.ts'

/** Tells of runs that have died, and puts in order what they left; also what was lost of the history. */
export async function sayInterrupted(runner: StackRunner, out: Output): Promise<void> {
  for (const warning of runner.state.warnings) out.warn(warning)
  for (const { id, job } of await runner.tidy()) {
    out.warn(`the run ${id} of the job ${job} was interrupted: its process has gone`)
  }
}
