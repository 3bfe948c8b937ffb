import type { AlertChannel } from '../../alerts/alert-schema.ts'
import type { Digest } from '../../alerts/event.ts'
import type { StatedJob } from '../../jobs/source-status.ts'
import { isPutOff } from '../../maintenance/run-outcome.ts'
import { isMaintenanceTask } from '../../maintenance/task.ts'
import type { Runs } from '../../state/runs.ts'

/** What happened between two moments, as far as a channel is interested: by what is remembered of runs. */
export function digestOf(
  { from, to, channel }: { readonly from: number; readonly to: number; readonly channel: AlertChannel },
  jobs: readonly StatedJob[],
  runs: Runs,
): Digest {
  const isMeant = (job: string): boolean => channel.jobs === undefined || channel.jobs.includes(job)
  const ended = runs
    .list({ sinceMs: from })
    .filter(({ job, startedAt, outcome }) => isMeant(job) && Date.parse(startedAt) < to && outcome !== undefined)
    // Maintenance that gave way to a job is tried again, and no trouble.
    .filter(({ job, steps }) => !isMaintenanceTask(job) || !isPutOff(steps))
  const count = (...outcomes: readonly string[]): number =>
    ended.filter(({ outcome }) => outcomes.includes(outcome!)).length
  return {
    from,
    to,
    runs: {
      succeeded: count('succeeded'),
      incomplete: count('incomplete', 'cancelled'),
      failed: count('failed', 'interrupted'),
    },
    storedBytes: ended.flatMap(({ sources }) => sources).reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    sources: jobs
      .filter(({ name }) => isMeant(name))
      .flatMap(({ name: job, sources, objectives: { rpoMs } }) =>
        sources
          .filter(({ name }) => channel.sources === undefined || channel.sources.includes(name))
          .map(({ name: source }) => {
            const last = runs.lastGood(source)?.result
            return {
              job,
              source,
              lastGood: last === undefined ? null : Date.parse(last.startedAt),
              ...(rpoMs === undefined ? {} : { rpoMs }),
              ...(last === undefined ? {} : { sizeBytes: last.bytes }),
            }
          }),
      ),
  }
}
