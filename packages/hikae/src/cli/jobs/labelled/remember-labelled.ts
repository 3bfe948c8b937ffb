import type { RememberedSource } from '../../../state/labelled-sources.ts'
import type { State } from '../../../state/state.ts'
import type { StackJobs } from '../stack-jobs.ts'
import type { DiscoveredStack } from './discover-sources.ts'

/** Writes down what containers bring, so that it is missed when it comes no more. */
export function rememberLabelled({ labelled, stack, sources }: DiscoveredStack, { labelled: memory }: State): void {
  const { discover } = stack.config
  // Without it in the file, somebody has asked for this once.
  if (!discover) return
  memory.see(
    labelled.map(({ source: { name, kind }, jobs, container }) => ({ source: name, kind: kind.name, jobs, container })),
  )
  const current = new Set(labelled.map(({ source }) => source.name))
  const taken = sources.map(({ name }) => name).filter((name) => !current.has(name))
  memory.forget([...taken, ...discover.gone.filter((name) => !current.has(name))])
}

/** What containers have brought and should bring still; none where the stack file does not look for that. */
export function waitedFor(
  { stack }: StackJobs,
  { labelled: memory }: Pick<State, 'labelled'>,
): readonly RememberedSource[] {
  const { discover, sources } = stack.config
  if (!discover) return []
  return memory.all().filter(({ source }) => !Object.hasOwn(sources, source) && !discover.gone.includes(source))
}
