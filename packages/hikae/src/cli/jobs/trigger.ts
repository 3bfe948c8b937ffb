import type { ScheduledJob } from '../../schedules/scheduled-job.ts'
import type { Occasion } from '../../schedules/scheduler.ts'
import type { RunTrigger } from '../../state/run-record.ts'

/** A run that begins later than this after its time has been missed: nobody was there. */
const LATE_MS = 60_000

/** Why a run begins that a scheduler begins. */
export function triggerOf(
  { schedule }: Pick<ScheduledJob, 'schedule'>,
  { since, missed }: Omit<Occasion, 'signal'>,
): RunTrigger {
  if (schedule.kind === 'change') return 'change'
  if (missed === 0) return 'manual'
  return missed > 1 || Date.now() - since.getTime() > LATE_MS ? 'catch-up' : 'schedule'
}
