import { settleSources } from '../../jobs/settle-sources.ts'
import type { CommandContext } from '../context.ts'
import { settleOptions } from '../jobs/source-context.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import type { Diagnosis } from './diagnosis.ts'

/** What killed runs have left done to others, such as containers that they stopped: undone here and now, where it can be. */
export async function examineLeft(stack: StackJobs, context: CommandContext): Promise<Diagnosis[]> {
  await using owned = new AsyncDisposableStack()
  const settled = await settleSources(stack.sources, await settleOptions(stack, context, owned))
  return settled.flatMap(({ source, findings }) =>
    findings.map(({ severity, message, hint }) => ({
      subject: `source ${source}`,
      verdict: severity,
      message,
      hint: hint ?? 'put that right, and run hikae doctor again',
    })),
  )
}
