import { settleSources } from '../../jobs/settle-sources.ts'
import type { CommandContext } from '../context.ts'
import { sourceContext } from '../jobs/source-context.ts'
import type { StackJobs } from '../jobs/stack-jobs.ts'
import type { Diagnosis } from './diagnosis.ts'

/** What killed runs have left done to others, such as containers that they stopped: undone here and now, where it can be. */
export async function examineLeft(stack: StackJobs, context: CommandContext): Promise<Diagnosis[]> {
  await using owned = new AsyncDisposableStack()
  const contextOf = (source: StackJobs['sources'][number]) => sourceContext(source, stack, context, owned)
  const settled = await settleSources(stack.sources, contextOf)
  return settled.flatMap(({ source, findings }) =>
    findings.map(({ severity, message, hint }) => ({
      subject: `source ${source}`,
      verdict: severity,
      message,
      hint: hint ?? 'put that right, and run hikae doctor again',
    })),
  )
}
