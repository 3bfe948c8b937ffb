import type { ContainerSummary } from '../../docker/containers/container.ts'
import { sourcesOfLabels } from '../../docker/labels/source-labels.ts'
import { commonSourceSchema } from '../../jobs/source-schema.ts'
import { SOURCE_KINDS } from '../../sources/kinds.ts'
import { DISCOVER, type ProposedSource } from '../finder.ts'

/** What containers bring in their labels, and what need not be proposed beside it. */
export interface Labelled {
  readonly proposed: readonly ProposedSource[]
  readonly projects: ReadonlySet<string>
  readonly volumes: ReadonlySet<string>
  readonly images: ReadonlySet<string>
}

/** @param where with `engine:`, unless it is the usual one */
export function labelledOf(
  containers: readonly ContainerSummary[],
  where: { readonly engine?: Readonly<Record<string, unknown>> },
): Labelled {
  const { sources, findings } = sourcesOfLabels(containers, {
    kinds: SOURCE_KINDS,
    common: commonSourceSchema,
    ...where,
  })
  const written = (kind: string, key: string): ReadonlySet<string> =>
    new Set(sources.filter((source) => source.kind.name === kind).flatMap((source) => source.written[key] as string))
  const saved = {
    projects: written('compose', 'project'),
    volumes: written('docker-volumes', 'names'),
    images: written('docker-images', 'references'),
  }
  const wrong = findings.filter(({ severity }) => severity === 'error')
  if (sources.length + wrong.length === 0) return { proposed: [], ...saved }
  const named = sources.map(({ name, kind, container }) => `${name} (${kind.name} of ${container})`).join(', ')
  const trouble = wrong.length === 0 ? '' : `labels that are wrong, of which hikae doctor tells: ${wrong.length}`
  const description = [named, trouble].filter((part) => part !== '').join('; ')
  const brings = sources.map(({ name }) => name)
  return { proposed: [{ ...{ name: 'labels', kind: DISCOVER, config: where }, description, brings }], ...saved }
}
