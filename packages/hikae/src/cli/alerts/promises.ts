import type { Freshness } from '../../alerts/event.ts'
import type { SourceStatus, StatedJob } from '../../jobs/source-status.ts'

/** Each promise of a job about one of its sources, and whether it is kept. A source that was never saved breaks it. */
export function promisesOf(jobs: readonly StatedJob[], sources: readonly SourceStatus[], nowMs: number): Freshness[] {
  return jobs.flatMap((job) => {
    const { rpoMs } = job.objectives
    if (rpoMs === undefined) return []
    return job.sources.flatMap(({ name }): Freshness[] => {
      const lastGood = sources.find(({ source }) => source === name)?.lastGood?.getTime() ?? null
      const since = lastGood === null ? nowMs : lastGood + rpoMs
      return [{ job: job.name, source: name, lastGood, rpoMs, overdueSince: since <= nowMs ? since : null }]
    })
  })
}
