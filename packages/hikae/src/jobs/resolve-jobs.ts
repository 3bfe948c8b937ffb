import { nearest } from '../nearest.ts'
import type { SourceKind } from '../sources/source-kind.ts'
import type { Job, JobSource } from './job.ts'
import type { ConfiguredJob } from './job-schema.ts'
import type { CommonSource } from './source-schema.ts'

/** What a stack file says of jobs and what they need. */
export interface ConfiguredJobs {
  readonly jobs: Readonly<Record<string, ConfiguredJob>>
  readonly sources: Readonly<Record<string, CommonSource & { readonly kind: string; readonly config: unknown }>>
  readonly repositories: Readonly<Record<string, unknown>>
  /** Present when containers may bring sources too. */
  readonly discover?: { readonly job?: string | undefined } | undefined
}

/** A name in a job that nothing has. */
export interface UnknownName {
  /** Of the name in the stack file. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Names that jobs use and the stack does not have. A job also needs something to save, and somewhere to save it. */
export function findUnknownNames({ jobs, sources, repositories, discover }: ConfiguredJobs): UnknownName[] {
  const names = Object.keys(jobs)
  const unknown = Object.entries(jobs).flatMap(([name, job]) => [
    ...unknownOf(name, {
      ...{ key: 'sources', what: 'source', used: job.sources, known: Object.keys(sources) },
      // Whether containers bring any is seen when it runs.
      mayBeNone: discover !== undefined,
    }),
    ...unknownOf(name, {
      ...{ key: 'to', what: 'repository', used: job.repositories, known: Object.keys(repositories) },
      mayBeNone: false,
    }),
  ])
  if (discover?.job === undefined || names.includes(discover.job)) return unknown
  return [...unknown, { path: ['discover', 'job'], message: describeUnknown('job', discover.job, names) }]
}

interface UsedNames {
  /** Of the job. */
  readonly key: string
  /** For messages. */
  readonly what: string
  readonly used: readonly string[] | undefined
  readonly known: readonly string[]
  readonly mayBeNone: boolean
}

function unknownOf(job: string, { key, what, used, known, mayBeNone }: UsedNames): UnknownName[] {
  if (known.length === 0 && !mayBeNone) return [{ path: ['jobs', job], message: `the stack has no ${what} for it` }]
  if (used?.length === 0 && !mayBeNone)
    return [{ path: ['jobs', job, key], message: `it names no ${what}: leave ${key}: out for all of the stack` }]
  return (used ?? []).flatMap((word, at) =>
    known.includes(word) ? [] : [{ path: ['jobs', job, key, at], message: describeUnknown(what, word, known) }],
  )
}

/** The jobs of a stack without unknown names, in the order of the file. */
export function resolveJobs(configured: ConfiguredJobs, kinds: readonly SourceKind[]): Job[] {
  const { jobs, sources, repositories } = configured
  return Object.entries(jobs).map(([name, job]) => ({
    name,
    sources: (job.sources ?? Object.keys(sources)).map((source) => resolveSource(source, sources[source]!, kinds)),
    repositories: job.repositories ?? Object.keys(repositories),
    keep: job.keep,
    hooks: job.hooks,
    ...(job.together && { together: job.together }),
    limits: job.limits,
    objectives: job.objectives,
  }))
}

/** All sources of a stack, whether or not a job saves them. */
export function resolveSources(
  { sources }: Pick<ConfiguredJobs, 'sources'>,
  kinds: readonly SourceKind[],
): JobSource[] {
  return Object.entries(sources).map(([name, source]) => resolveSource(name, source, kinds))
}

function resolveSource(
  name: string,
  { kind: kindName, config, shrink, mayBeEmpty }: ConfiguredJobs['sources'][string],
  kinds: readonly SourceKind[],
): JobSource {
  const kind = kinds.find((candidate) => candidate.name === kindName)!
  return { name, kind, config, expectations: { mostShrinkage: shrink, mayBeEmpty } }
}

/** That nothing has a name that the stack file uses, and what may have been meant. */
export function describeUnknown(what: string, word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  if (known.length === 0) return `there is no ${what} '${word}' in the stack, and no other`
  return `there is no ${what} '${word}'; ${meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`}`
}
