import type { JobSource } from '../../jobs/job.ts'
import type { SettleOptions } from '../../jobs/settle-sources.ts'
import type { ReadContext } from '../../sources/source-kind.ts'
import type { CommandContext } from '../context.ts'
import { printableText } from '../output/printable.ts'
import { StackFolders } from './run-folders.ts'
import type { StackJobs } from './stack-jobs.ts'

/**
 * What a command gives to a source outside of runs.
 *
 * @param owned removes the scratch folder
 */
export function sourceContext(
  { name }: Pick<JobSource, 'name'>,
  stack: StackJobs,
  { out, env, signal }: CommandContext,
  owned: AsyncDisposableStack,
): ReadContext {
  const folders = new StackFolders(stack.stateFolder).forCommand()
  return {
    source: name,
    stack: stack.name,
    folder: stack.stack.folder,
    own: stack.own,
    env,
    signal,
    scratchFolder: async () => owned.use(await folders.scratch(name)).path,
    stateFolder: () => folders.state(name),
    log: (line: string) => out.detail(printableText(line)),
  }
}

/** What a command gives to `settleSources`. */
export async function settleOptions(
  stack: StackJobs,
  context: CommandContext,
  owned: AsyncDisposableStack,
): Promise<SettleOptions> {
  return {
    contextOf: (source) => sourceContext(source, stack, context, owned),
    remembered: await new StackFolders(stack.stateFolder).forCommand().remembered(),
  }
}
