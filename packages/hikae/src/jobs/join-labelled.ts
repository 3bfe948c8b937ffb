import type { LabelFinding, LabelledSource } from '../docker/labels/source-labels.ts'
import type { Finding } from '../sources/finding.ts'
import type { JobSource } from './job.ts'
import { describeUnknown } from './resolve-jobs.ts'
import type { CommonSource } from './source-schema.ts'

/** A source that a container brings, and the jobs that save it. */
export interface JoinedSource {
  readonly source: JobSource
  readonly jobs: readonly string[]
  /** Name of the container. */
  readonly container: string
}

/** Something about sources that containers bring, for the jobs that it is about. */
export interface JoinFinding extends Finding {
  readonly jobs: readonly string[]
  /** That was to be brought; absent where nobody can tell. */
  readonly source?: string
}

export interface Joining {
  readonly joined: readonly JoinedSource[]
  readonly findings: readonly JoinFinding[]
}

/** What of a stack decides which jobs save what containers bring. */
export interface JoiningStack {
  /** A job without `sources` saves all of the stack. */
  readonly jobs: Readonly<Record<string, { readonly sources?: readonly string[] }>>
  /** Names of the sources that the stack file has. */
  readonly own: readonly string[]
  /** Of a source that names no job. */
  readonly defaultJob?: string | undefined
}

/**
 * Which jobs save what containers bring: the one that the source names; else all that save the whole stack, and the default
 * one; else the only one. The stack file wins where it has the same name.
 */
export function joinLabelled(
  labelled: readonly LabelledSource<CommonSource>[],
  found: readonly LabelFinding[],
  stack: JoiningStack,
): Joining {
  const all = Object.keys(stack.jobs)
  const findings = found.map(({ job, ...finding }): JoinFinding => ({
    ...finding,
    jobs: orAll(jobsFor(job, stack), all),
  }))
  const joined: JoinedSource[] = []
  for (const source of labelled) {
    const { name, job, container } = source
    const jobs = jobsFor(job, stack)
    const clashes = stack.own.includes(name)
    const refused = clashes ? clash(source) : jobs.length === 0 ? withoutJob(source, all) : undefined
    if (refused) findings.push({ ...refused, jobs: orAll(jobs, all), source: name })
    else joined.push({ source: jobSource(source), jobs, container })
  }
  return { joined, findings }
}

/** @param named by the source */
function jobsFor(named: string | undefined, { jobs, defaultJob }: JoiningStack): readonly string[] {
  const all = Object.keys(jobs)
  if (named !== undefined) return all.filter((name) => name === named)
  const chosen = all.filter((name) => jobs[name]!.sources === undefined || name === defaultJob)
  return chosen.length > 0 || all.length > 1 ? chosen : all
}

/** What concerns nobody in particular concerns everybody. */
function orAll(jobs: readonly string[], all: readonly string[]): readonly string[] {
  return jobs.length > 0 ? jobs : all
}

function jobSource({
  name,
  kind,
  config,
  written,
  common: { shrink, mayBeEmpty },
}: LabelledSource<CommonSource>): JobSource {
  return { name, kind, config, written, expectations: { mostShrinkage: shrink, mayBeEmpty } }
}

function clash({ name, container }: LabelledSource): Finding {
  return {
    severity: 'warning',
    message: `the container ${container} brings a source ${name}, and the stack file has one of that name, which is the one that counts`,
    hint: 'remove one of them, or give it another name',
  }
}

function withoutJob({ name, container, job }: LabelledSource, all: readonly string[]): Finding {
  const label = `the label hikae.source.${name}.job of the container ${container}`
  if (job !== undefined) {
    const message = `${label}: ${describeUnknown('job', job, all)}`
    return { severity: 'error', message, hint: 'correct the label, and make the container anew' }
  }
  return {
    severity: 'error',
    message: `no job saves the source ${name}, which the container ${container} brings: there are ${all.join(', ')}, and none is named`,
    hint: `name one with the label hikae.source.${name}.job, or for all of them with discover: { job: … } in hikae.yaml`,
  }
}
