import type { AlertChannel } from './alert-schema.ts'
import type { Freshness, RepositoryResult, RunReport } from './event.ts'
import { worstOutcome } from './outcome.ts'

type Filter = Pick<AlertChannel, 'jobs' | 'sources'>

/** The part of a run that a channel is interested in; undefined when it is in nothing of it. */
export function reportForChannel(report: RunReport, filter: Filter): RunReport | undefined {
  if (report.repositories) return concerns(report, filter) ? report : damageOf(report, report.repositories)
  const { jobs, sources: wanted } = filter
  if (jobs && !jobs.includes(report.job)) return undefined
  if (!wanted) return report
  const sources = report.sources.filter(({ source }) => wanted.includes(source))
  if (sources.length === 0) return undefined
  const outcomes = sources.flatMap((source) => [source.outcome, ...source.repositories.map(({ outcome }) => outcome)])
  // Trouble of the run itself concerns every source of it.
  const own = report.troubles.length > 0 ? [report.outcome] : []
  return { ...report, sources, outcome: worstOutcome([...outcomes, ...own]) }
}

/** Whether a run of maintenance is what a channel is for. One for some sources is for none. */
export function concerns({ job }: RunReport, { jobs, sources }: Filter): boolean {
  return jobs ? jobs.includes(job) : sources === undefined
}

/** Damage in a repository, and its end, concern everybody: all that is stored there may be touched. */
function damageOf(report: RunReport, repositories: readonly RepositoryResult[]): RunReport {
  const told = repositories.filter(({ isDamaged, outcome }) => isDamaged || outcome === 'succeeded')
  return { ...report, repositories: told, outcome: worstOutcome(told.map(({ outcome }) => outcome)), troubles: [] }
}

/** Whether a check has found damage. */
export function isDamage({ repositories = [] }: RunReport): boolean {
  return repositories.some(({ isDamaged }) => isDamaged)
}

/** What is fresh or overdue of what a channel is interested in. */
export function freshnessForChannel(items: readonly Freshness[], { jobs, sources }: Filter): Freshness[] {
  return items.filter(
    ({ job, source }) =>
      (!jobs || jobs.includes(job)) && (!sources || (source !== undefined && sources.includes(source))),
  )
}
