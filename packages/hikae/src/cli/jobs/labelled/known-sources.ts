import type { StatedJob } from '../../../jobs/source-status.ts'
import type { RememberedSource } from '../../../state/labelled-sources.ts'
import type { CommandContext } from '../../context.ts'
import { openExistingState } from '../../history/stack-state.ts'
import type { StackJobs } from '../stack-jobs.ts'
import { type DiscoveredStack, discoverSources } from './discover-sources.ts'
import { expectedJobs } from './expected-jobs.ts'
import { waitedFor } from './remember-labelled.ts'

/** All sources of a stack that anybody knows of: its own, what containers bring, and what they have brought. */
export interface KnownSources {
  readonly stack: DiscoveredStack
  readonly jobs: readonly StatedJob[]
  /** Brought once, and no more. */
  readonly gone: readonly RememberedSource[]
}

/** Asks the engine and what is remembered; changes nothing. */
export async function knownSources(stack: StackJobs, context: CommandContext): Promise<KnownSources> {
  const discovered = await discoverSources(stack, context)
  if (discovered.discovery === 'none') return { stack: discovered, jobs: discovered.jobs, gone: [] }
  await using state = await openExistingState(stack.stateFolder, { clock: Date.now }, context.out)
  const expected = state ? waitedFor(stack, state) : []
  const told = new Set([
    ...discovered.labelled.map(({ source }) => source.name),
    // Whose labels are wrong is there, and named for that.
    ...discovered.findings.flatMap(({ severity, source }) =>
      severity === 'error' && source !== undefined ? source : [],
    ),
  ])
  const gone = discovered.discovery === 'known' ? expected.filter(({ source }) => !told.has(source)) : []
  return { stack: discovered, jobs: expectedJobs(discovered, expected), gone }
}

/** What to do about one that is gone. */
export function endOfWaiting({ source, container }: Pick<RememberedSource, 'source' | 'container'>): string {
  return `make the container ${container} again with its labels; or bring the data back with \`hikae restore ${source}\`; or write discover: { gone: [${source}] } in hikae.yaml, and nobody waits for it any more`
}
