import { settleSources } from '../../jobs/settle-sources.ts'
import type { CommandContext } from '../context.ts'
import { settleMigrations } from '../migrate/settle.ts'
import { discoverSources } from './labelled/discover-sources.ts'
import { settleOptions } from './source-context.ts'
import type { StackJobs } from './stack-jobs.ts'
import { printFindings } from './undo-source.ts'

/** Undoes what killed runs have left done to others, such as containers that they stopped, and tells of it. */
export async function saySettled(file: StackJobs, context: CommandContext): Promise<void> {
  printFindings(await settleMigrations(context), context.out)
  await using owned = new AsyncDisposableStack()
  const stack = await discoverSources(file, context).catch((error: unknown) => {
    if (!context.signal.aborted) throw error
  })
  if (!stack) return
  printFindings(stack.findings, context.out)
  const options = await settleOptions(stack, context, owned)
  for (const { findings } of await settleSources(stack.sources, options)) printFindings(findings, context.out)
}
