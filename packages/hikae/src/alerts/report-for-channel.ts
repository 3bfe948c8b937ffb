import type { AlertChannel } from './alert-schema.ts'
import type { Freshness, RunReport } from './event.ts'
import { worstOutcome } from './outcome.ts'

type Filter = Pick<AlertChannel, 'jobs' | 'sources'>

/**
 * The part of a run that a channel is interested in; undefined when it is in nothing of it. Damage in a repository concerns
 * everybody: all that is stored there may be touched.
 */
export function reportForChannel(report: RunReport, { jobs, sources: wanted }: Filter): RunReport | undefined {
  if (isDamage(report)) return report
  if (jobs && !jobs.includes(report.job)) return undefined
  if (!wanted) return report
  // Of a channel for sources, maintenance is no concern while nothing is damaged.
  const sources = report.sources.filter(({ source }) => wanted.includes(source))
  if (sources.length === 0) return undefined
  const outcomes = sources.flatMap((source) => [source.outcome, ...source.repositories.map(({ outcome }) => outcome)])
  // Trouble of the run itself concerns every source of it.
  const own = report.troubles.length > 0 ? [report.outcome] : []
  return { ...report, sources, outcome: worstOutcome([...outcomes, ...own]) }
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
