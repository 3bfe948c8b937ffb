import { errorMessage } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Finding } from '../../sources/finding.ts'
import type { SourceKind } from '../../sources/source-kind.ts'
import type { ContainerSummary } from '../containers/container.ts'
import { checkLabels, type LabelTree, setLabel } from './label-values.ts'

/** A source that a container brings with it, in its labels. */
export interface LabelledSource {
  readonly name: string
  readonly kind: SourceKind
  /** Checked: what the kind takes. */
  readonly config: unknown
  /** The same as it would stand in a stack file. */
  readonly written: Readonly<Record<string, unknown>>
  readonly description?: string
  /** The job that it belongs to; whoever asks knows which, when it is absent. */
  readonly job?: string
  /** Name of the container. */
  readonly container: string
}

export interface SourcesOfLabels {
  /** By name. */
  readonly sources: readonly LabelledSource[]
  /** Labels that make no source: each an error, with the container and the label. */
  readonly problems: readonly Finding[]
}

const PREFIX = 'hikae.source.'
const NAME = /^[a-z0-9][a-z0-9_-]*$/i

/**
 * Reads labels of the form `hikae.source.NAME.kind=docker-volumes` and `hikae.source.NAME.KEY=VALUE`, where KEY is what the
 * kind takes, with dots for what is further inside. `description` and `job` are for any kind. What is not said is that of
 * the container: its own files, its own volumes, its own project.
 */
export function sourcesOfLabels(
  containers: readonly ContainerSummary[],
  kinds: readonly SourceKind[],
): SourcesOfLabels {
  const sources = new Map<string, LabelledSource>()
  const problems: Finding[] = []
  for (const container of containers.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    for (const [name, tree] of treesOf(container, problems)) {
      const source = sourceOf(name, tree, container, kinds)
      if ('severity' in source) problems.push(source)
      else if (sources.has(name)) problems.push(...twice(sources.get(name)!, source))
      else sources.set(name, source)
    }
  }
  return { sources: [...sources.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1)), problems }
}

function treesOf({ name: container, labels }: ContainerSummary, problems: Finding[]): Map<string, LabelTree> {
  const trees = new Map<string, LabelTree>()
  for (const [label, value] of Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    if (!label.startsWith(PREFIX)) continue
    const [name = '', ...keys] = label.slice(PREFIX.length).split('.')
    if (!NAME.test(name) || keys.length === 0 || keys.includes('')) {
      problems.push(problem(container, label, 'write hikae.source.NAME.KEY=VALUE'))
      continue
    }
    const tree = trees.get(name) ?? {}
    trees.set(name, tree)
    try {
      setLabel(tree, keys, value)
    } catch (error) {
      problems.push(problem(container, label, errorMessage(error)))
    }
  }
  return trees
}

function sourceOf(
  name: string,
  { kind: kindName, job, description, ...own }: LabelTree,
  container: ContainerSummary,
  kinds: readonly SourceKind[],
): LabelledSource | Finding {
  const label = `${PREFIX}${name}`
  const kind = kinds.find((each) => each.name === kindName)
  if (!kind) return problem(container.name, `${label}.kind`, unknownKind(kindName, kinds))
  const written = { ...kind.ofContainer?.(container, own), ...own }
  const checked = checkLabels(kind.config, written)
  if (!checked.success) {
    const [issue] = checked.error.issues
    const where = [label, ...issue!.path].join('.')
    return problem(container.name, where, issue!.message)
  }
  return {
    ...{ name, kind, config: checked.data, written, container: container.name },
    ...(typeof job === 'string' ? { job } : {}),
    ...(typeof description === 'string' ? { description } : {}),
  }
}

function unknownKind(given: unknown, kinds: readonly SourceKind[]): string {
  const names = kinds.map(({ name }) => name)
  if (typeof given !== 'string') return `it is missing: one of ${names.join(', ')}`
  const near = nearest(given, names)
  return `there is no kind '${given}'${near === undefined ? `: write one of ${names.join(', ')}` : `, did you mean ${near}?`}`
}

/** Replicas of a service have the same labels and mean the same thing. */
function twice(one: LabelledSource, other: LabelledSource): Finding[] {
  if (JSON.stringify(one.written) === JSON.stringify(other.written)) return []
  return [
    problem(
      other.container,
      `${PREFIX}${other.name}`,
      `the container ${one.container} has another source of that name`,
    ),
  ]
}

function problem(container: string, label: string, what: string): Finding {
  return { severity: 'error', message: `the label ${label} of the container ${container}: ${what}` }
}
