import type { StatedJob } from '../../../jobs/source-status.ts'
import type { RememberedSource } from '../../../state/labelled-sources.ts'
import type { StackJobs } from '../stack-jobs.ts'

/** The jobs with all that they should save: also what containers brought before, whether or not it is there now. */
export function expectedJobs(
  { jobs }: Pick<StackJobs, 'jobs'>,
  waitedFor: readonly RememberedSource[],
): readonly StatedJob[] {
  const known = new Set(jobs.map(({ name }) => name))
  return jobs.map((job, at): StatedJob => {
    // Of jobs that are no more: told of by the first, rather than by nobody.
    const isOf = (named: readonly string[]): boolean =>
      named.includes(job.name) || (at === 0 && !named.some((name) => known.has(name)))
    const missing = waitedFor.filter((each) => isOf(each.jobs) && !job.sources.some(({ name }) => name === each.source))
    const sources = missing.map(({ source, kind, firstSeen }) => ({ name: source, kind: { name: kind }, firstSeen }))
    return { ...job, sources: [...job.sources, ...sources] }
  })
}
