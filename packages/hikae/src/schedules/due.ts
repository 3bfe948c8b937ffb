import { nextAfter, occurrencesBetween } from './occurrences.ts'
import type { JobMarks, ScheduledJob } from './scheduled-job.ts'
import { timeWindow } from './time-window.ts'

/** More missed occurrences are not counted. */
export const MOST_COUNTED = 1000
/**
 * A mark further ahead of the clock than this was made by a wrong clock, and is not waited for: the job would be silent
 * until then. It runs once more instead.
 */
const TRUSTED_AHEAD_MS = 24 * 3_600_000

export interface Due {
  /** It is to begin now. */
  readonly isDue: boolean
  /** The first occurrence that no run has followed yet, or a retry, also when its hours have to be waited for. */
  readonly since: Date | undefined
  /** How many such occurrences there are, up to {@link MOST_COUNTED}: one run serves them all. */
  readonly missed: number
  /** When the answer will be another one, unless a run begins: the next occurrence, or the beginning of its hours. */
  readonly next: Date | undefined
}

/**
 * Whether a job is to run now. The one place that decides it: for the daemon, for timers, and for `hikae status`.
 *
 * An occurrence is served by any run that began at or after it. A clock that was set back makes nothing due twice.
 */
export function dueAt(job: ScheduledJob, { lastStarted, firstSeen, retryAt }: JobMarks, now: Date): Due {
  const { schedule, timeZone, between } = job
  const marks = lastStarted ? [lastStarted, firstSeen] : [firstSeen]
  const earliest = new Date(now.getTime() - TRUSTED_AHEAD_MS)
  const served = marks.find((mark) => mark.getTime() - now.getTime() <= TRUSTED_AHEAD_MS) ?? earliest
  const unserved = [...firstOf(occurrencesBetween(schedule, timeZone, served, now), MOST_COUNTED)]
  if (retryAt && retryAt <= now) unserved.unshift(retryAt)
  const since = unserved[0]
  const occurrence = nextAfter(schedule, timeZone, served > now ? served : now)
  const next = retryAt && retryAt > now ? earlier(retryAt, occurrence) : occurrence
  if (since === undefined || !between) return { isDue: since !== undefined, since, missed: unserved.length, next }
  const hours = timeWindow(between, timeZone)
  const isDue = hours.isOpen(now)
  return { isDue, since, missed: unserved.length, next: isDue ? next : hours.opensNext(now) }
}

function earlier(one: Date, other: Date | undefined): Date {
  return other === undefined || one < other ? one : other
}

function* firstOf<T>(items: Iterable<T>, count: number): Generator<T> {
  let given = 0
  for (const item of items) {
    yield item
    given += 1
    if (given === count) return
  }
}
