import type { ReadContext } from '../sources/source-kind.ts'
import type { JobSource } from './job.ts'
import type { RunContext } from './run-context.ts'

/**
 * What a run gives to one of its sources.
 *
 * @param scratch removes the scratch folder
 */
export function readContext(
  { name }: Pick<JobSource, 'name'>,
  { stack, folder, own = [], env, folders, journal }: RunContext,
  signal: AbortSignal,
  scratch: AsyncDisposableStack,
): ReadContext {
  return {
    source: name,
    stack,
    folder,
    own,
    env,
    signal,
    scratchFolder: async () => scratch.use(await folders.scratch(name)).path,
    stateFolder: () => folders.state(name),
    log: (message) => journal.log({ level: 'info', source: name, message }),
  }
}
