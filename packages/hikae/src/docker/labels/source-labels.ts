import type { z } from 'zod'
import { errorMessage } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Finding } from '../../sources/finding.ts'
import type { SourceKind } from '../../sources/source-kind.ts'
import { COMPOSE_LABELS } from '../compose/labels.ts'
import type { ContainerSummary } from '../containers/container.ts'
import { checkLabels, type LabelTree, setLabel } from './label-values.ts'

/** A source that a container brings with it, in its labels. */
export interface LabelledSource<Common = unknown> {
  readonly name: string
  readonly kind: SourceKind
  /** Checked: what the kind takes. */
  readonly config: unknown
  /** The same as it would stand in a stack file. */
  readonly written: Readonly<Record<string, unknown>>
  /** Keys that mean the same for every kind. */
  readonly common: Common
  /** The job that it belongs to; whoever asks knows which, when it is absent. */
  readonly job?: string
  /** Name of the container. */
  readonly container: string
}

/** What is wrong with labels (`error`), or should be known about them, with the container. */
export interface LabelFinding extends Finding {
  /** Of the source that they were to bring, and its job; absent where nobody can tell. */
  readonly source?: string
  readonly job?: string
}

export interface SourcesOfLabels<Common = unknown> {
  /** By name. */
  readonly sources: readonly LabelledSource<Common>[]
  readonly findings: readonly LabelFinding[]
}

export interface LabelRules<Common> {
  /** Labels bring those of them that know what they mean by a container. */
  readonly kinds: readonly SourceKind[]
  /** Takes an object with keys that mean the same for every kind. */
  readonly common: z.ZodObject & z.ZodType<Common>
  /** `engine:` of these sources, as it stands in the stack file; absent for the usual one. */
  readonly engine?: Readonly<Record<string, unknown>>
}

const SOURCE_LABEL_PREFIX = 'hikae.source.'
const NAME = /^[a-z0-9][a-z0-9_-]*$/i

/**
 * Reads labels of the form `hikae.source.NAME.kind=docker-volumes` and `hikae.source.NAME.KEY=VALUE`, where KEY is what the
 * kind takes, with dots for what is further inside, or a common key, or `job`. What is not said is that of the container: its
 * own files, its own volumes, its own project. Containers of `docker compose run` have the labels of their service, and bring
 * nothing.
 */
export function sourcesOfLabels<Common>(
  containers: readonly ContainerSummary[],
  rules: LabelRules<Common>,
): SourcesOfLabels<Common> {
  const sources = new Map<string, LabelledSource<Common>>()
  const findings: LabelFinding[] = []
  for (const container of containers.toSorted(byName)) {
    if (container.labels[COMPOSE_LABELS.oneOff]?.toLowerCase() === 'true') continue
    for (const [name, tree] of treesOf(container, findings)) {
      const read = sourceOf(name, tree, container, rules)
      const { source } = read
      const first = source && sources.get(name)
      if (first && JSON.stringify(first.written) === JSON.stringify(source.written)) continue // A replica.
      findings.push(...(first ? [twice(first, source)] : read.findings))
      if (source && !first) sources.set(name, source)
    }
  }
  return { sources: [...sources.values()].toSorted(byName), findings }
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1
}

function treesOf({ name: container, labels }: ContainerSummary, findings: LabelFinding[]): Map<string, LabelTree> {
  const trees = new Map<string, LabelTree>()
  for (const [label, value] of Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    if (!label.startsWith(SOURCE_LABEL_PREFIX)) continue
    const [name = '', ...keys] = label.slice(SOURCE_LABEL_PREFIX.length).split('.')
    if (!NAME.test(name) || keys.length === 0 || keys.includes('')) {
      findings.push(problem(container, label, 'write hikae.source.NAME.KEY=VALUE'))
      continue
    }
    const tree = trees.get(name) ?? {}
    trees.set(name, tree)
    try {
      setLabel(tree, keys, value)
    } catch (error) {
      findings.push({ ...problem(container, label, errorMessage(error)), source: name })
    }
  }
  return trees
}

interface ReadSource<Common> {
  readonly source?: LabelledSource<Common>
  readonly findings: readonly LabelFinding[]
}

function sourceOf<Common>(
  name: string,
  { kind: kindName, job, ...rest }: LabelTree,
  container: ContainerSummary,
  { kinds, common, engine }: LabelRules<Common>,
): ReadSource<Common> {
  const label = `${SOURCE_LABEL_PREFIX}${name}`
  const about = { source: name, ...(typeof job === 'string' ? { job } : {}) }
  const refused = (where: string, what: string): ReadSource<Common> => ({
    findings: [{ ...problem(container.name, where, what), ...about }],
  })
  const kind = kinds.find((each) => each.name === kindName)
  if (!kind?.ofContainer) return refused(`${label}.kind`, unusableKind(kindName, kinds))
  if (job !== undefined && typeof job !== 'string') return refused(`${label}.job`, 'write the name of one job')
  if (rest['engine'] !== undefined) {
    return refused(`${label}.engine`, 'a container speaks for its own engine only: write such a source in hikae.yaml')
  }
  const [ofAll, own] = parted(rest, Object.keys(common.shape))
  const shared = checkLabels(common, ofAll).result
  if (!shared.success) return refused(...whereAndWhat(label, shared.error))
  const { written: meant, findings = [] } = kind.ofContainer(container, own)
  const told = findings.map((finding) => ({
    ...finding,
    ...about,
    message: sentence(container.name, label, finding.message),
  }))
  if (findings.some(({ severity }) => severity === 'error')) return { findings: told }
  const { result, written } = checkLabels(kind.config, { ...(engine && { engine }), ...meant, ...own })
  if (!result.success) return refused(...whereAndWhat(label, result.error))
  const source = { ...{ name, kind, config: result.data, written, common: shared.data }, container: container.name }
  return { source: { ...source, ...(typeof job === 'string' ? { job } : {}) }, findings: told }
}

function parted(tree: LabelTree, keys: readonly string[]): [named: LabelTree, others: LabelTree] {
  const entries = Object.entries(tree)
  const isNamed = ([key]: readonly [string, unknown]): boolean => keys.includes(key)
  return [Object.fromEntries(entries.filter(isNamed)), Object.fromEntries(entries.filter((each) => !isNamed(each)))]
}

function whereAndWhat(label: string, { issues }: Pick<z.core.$ZodError, 'issues'>): [where: string, what: string] {
  const [issue] = issues
  const { path, message } = issue!
  const what = message.endsWith('received undefined') ? 'it is missing' : message
  return [[label, ...path].join('.'), what]
}

function unusableKind(given: unknown, kinds: readonly SourceKind[]): string {
  const names = kinds.filter((kind) => kind.ofContainer !== undefined).map(({ name }) => name)
  if (typeof given !== 'string') return `it is missing: one of ${names.join(', ')}`
  if (kinds.some(({ name }) => name === given))
    return `a container brings ${names.join(', ')}: write a source of the kind ${given} in hikae.yaml`
  const near = nearest(given, names)
  return `there is no kind '${given}'${near === undefined ? `: write one of ${names.join(', ')}` : `, did you mean ${near}?`}`
}

function twice(one: LabelledSource, { name, container, job }: LabelledSource): LabelFinding {
  const what = `the container ${one.container} has another source of that name`
  return {
    ...problem(container, `${SOURCE_LABEL_PREFIX}${name}`, what),
    ...{ source: name, ...(job === undefined ? {} : { job }) },
  }
}

function problem(container: string, label: string, what: string): LabelFinding {
  return {
    severity: 'error',
    message: sentence(container, label, what),
    hint: 'correct the label, and make the container anew',
  }
}

function sentence(container: string, label: string, what: string): string {
  return `the label ${label} of the container ${container}: ${what}`
}
