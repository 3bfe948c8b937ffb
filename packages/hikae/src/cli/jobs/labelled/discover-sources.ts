import type { Discover } from '../../../config/discover-schema.ts'
import { secretsInLabels } from '../../../config/secrets-in-labels.ts'
import { listContainers, type ContainerSummary } from '../../../docker/containers/container.ts'
import { type LabelFinding, type LabelledSource, sourcesOfLabels } from '../../../docker/labels/source-labels.ts'
import { openConfiguredEngine } from '../../../docker/open-configured-engine.ts'
import { errorMessage, isKnownError } from '../../../errors.ts'
import { type JoinedSource, type JoinFinding, joinLabelled } from '../../../jobs/join-labelled.ts'
import { type CommonSource, commonSourceSchema } from '../../../jobs/source-schema.ts'
import type { Finding } from '../../../sources/finding.ts'
import { SOURCE_KINDS } from '../../../sources/kinds.ts'
import { withoutUndefined } from '../../../without-undefined.ts'
import type { CommandContext } from '../../context.ts'
import type { StackJobs } from '../stack-jobs.ts'

/** A stack with what containers bring: its jobs and sources are those of the stack file, and these. */
export interface DiscoveredStack extends StackJobs {
  readonly labelled: readonly JoinedSource[]
  /** What should be known about labels, for the jobs that it is about. */
  readonly findings: readonly JoinFinding[]
  /** `unknown`: the engine could not be asked, which is an error among the findings. */
  readonly discovery: 'none' | 'known' | 'unknown'
}

/**
 * Asks the engine of `discover:` which sources its containers bring, now. Where none are looked for, the stack is as the file
 * says.
 */
export async function discoverSources(
  stack: StackJobs,
  { env, signal }: Pick<CommandContext, 'env' | 'signal'>,
): Promise<DiscoveredStack> {
  const { discover } = stack
  if (!discover) return { ...stack, labelled: [], findings: [], discovery: 'none' }
  let containers: readonly ContainerSummary[]
  try {
    await using engine = await openConfiguredEngine(discover, { folder: stack.stack.folder, env, signal })
    containers = await listContainers(engine)
  } catch (error) {
    signal.throwIfAborted()
    if (!isKnownError(error)) throw error
    const jobs = stack.jobs.map(({ name }) => name)
    return { ...stack, labelled: [], findings: [{ ...away(error), jobs }], discovery: 'unknown' }
  }
  const { joined, findings } = joinedOf(containers, discover, stack)
  return {
    ...stack,
    jobs: stack.jobs.map((job) => ({
      ...job,
      sources: [...job.sources, ...joined.filter(({ jobs }) => jobs.includes(job.name)).map(({ source }) => source)],
    })),
    sources: [...stack.sources, ...joined.map(({ source }) => source)],
    labelled: joined,
    findings: [...findings, ...emptyJobs(stack, joined), ...unwatched(stack, joined)],
    discovery: 'known',
  }
}

function joinedOf(
  containers: readonly ContainerSummary[],
  { engine, job }: Discover,
  { stack: { config }, sources }: StackJobs,
): ReturnType<typeof joinLabelled> {
  const read = sourcesOfLabels<CommonSource>(containers, {
    ...{ kinds: SOURCE_KINDS, common: commonSourceSchema },
    ...(engine && { engine: withoutUndefined(engine) }),
  })
  const refused = read.sources.flatMap(secretFindings)
  const usable = read.sources.filter(({ name }) => !refused.some(({ source }) => source === name))
  return joinLabelled(usable, [...read.findings, ...refused], {
    ...{ jobs: config.jobs, own: sources.map(({ name }) => name), defaultJob: job },
  })
}

function secretFindings({ name, kind, written, container, job }: LabelledSource): LabelFinding[] {
  return secretsInLabels(kind.config, written).map(({ path, message }) => ({
    severity: 'error',
    message: `the label ${['hikae.source', name, ...path].join('.')} of the container ${container}: ${message}`,
    hint: 'change the label and the secret itself: others may have read it',
    ...{ source: name, ...(job === undefined ? {} : { job }) },
  }))
}

/** A job that saves nothing says why. */
function emptyJobs({ jobs }: StackJobs, joined: readonly JoinedSource[]): JoinFinding[] {
  return jobs
    .filter(({ name, sources }) => sources.length === 0 && !joined.some((each) => each.jobs.includes(name)))
    .map(({ name }) => ({
      severity: 'error',
      message: `the job ${name} has nothing to save: the stack file has no source for it, and no container brings one`,
      hint: 'label a container with hikae.source.NAME.kind=…, or write sources: in hikae.yaml',
      jobs: [name],
    }))
}

/** Changes of what is in containers are noticed by nobody. */
function unwatched({ jobs }: StackJobs, joined: readonly JoinedSource[]): JoinFinding[] {
  const onChange = new Set(jobs.filter(({ schedule }) => schedule.kind === 'change').map(({ name }) => name))
  return joined
    .filter((each) => each.jobs.every((name) => onChange.has(name)))
    .map(({ source: { name }, jobs: its, container }) => ({
      severity: 'warning',
      message: `${name}, which the container ${container} brings, is saved only when something else changes: ${its.join(', ')} runs on change, and nobody can watch it`,
      hint: `name a job with a schedule, with the label hikae.source.${name}.job`,
      ...{ jobs: its, source: name },
    }))
}

function away(error: Error & { readonly hint?: string | undefined }): Finding {
  return {
    severity: 'error',
    message: `which sources containers bring is not known: ${errorMessage(error)}`,
    hint: error.hint ?? 'start Docker, or say with discover: { engine: … } in hikae.yaml which one is meant',
  }
}
