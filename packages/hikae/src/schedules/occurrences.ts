import { isTimed, type Schedule, type TimedSchedule } from './schedule.ts'
import { instantOf, nextTransition, offsetAt, wallTimeAt } from './time-zone.ts'
import { isInEveryHour, isOfTheEpoch, nextWallTime } from './wall-times.ts'

const HOUR = 3_600_000
/** 29 February can be eight years away. */
const LONGEST_SPAN = 16 * 366 * 24 * HOUR

/**
 * The first occurrence after a moment. When clocks are changed, a time by name (`30 2 * * *`) that does not exist comes at
 * once after the gap, and one that exists twice comes the first time. What comes in every hour (`15 * * * *`) keeps
 * its distance instead: nothing is made up for the hour that is missing, and the hour that comes twice has its own.
 *
 * croner by itself does the same for a single time, but skips lists such as `0 2,14 * * *` in a gap and repeats them in
 * the hour that comes twice: therefore it is only asked about UTC.
 *
 * @param after itself not counted
 * @returns undefined when none comes, as for `manual`
 */
export function nextAfter(schedule: Schedule, timeZone: string, after: Date): Date | undefined {
  if (!isTimed(schedule)) return undefined
  const next = nextInstant(schedule, timeZone, after.getTime())
  return next === undefined ? undefined : new Date(next)
}

/** The last occurrence before a moment, itself not counted. */
export function lastBefore(schedule: Schedule, timeZone: string, before: Date): Date | undefined {
  if (!isTimed(schedule)) return undefined
  const end = before.getTime()
  for (let span = HOUR; span <= LONGEST_SPAN; span *= 2) {
    const found = nextInstant(schedule, timeZone, end - span - 1)
    if (found !== undefined && found < end) return new Date(lastIn(schedule, timeZone, { found, end }))
  }
  return undefined
}

/** Those in (after, until], oldest first. */
export function* occurrencesBetween(
  schedule: Schedule,
  timeZone: string,
  after: Date,
  until: Date,
): Generator<Date, void> {
  let next = nextAfter(schedule, timeZone, after)
  while (next !== undefined && next <= until) {
    yield next
    next = nextAfter(schedule, timeZone, next)
  }
}

function nextInstant(schedule: TimedSchedule, timeZone: string, after: number): number | undefined {
  if (isOfTheEpoch(schedule)) return nextWallTime(schedule, after)
  return isInEveryHour(schedule) ? nextByDistance(schedule, timeZone, after) : nextByName(schedule, timeZone, after)
}

function nextByName(schedule: TimedSchedule, timeZone: string, after: number): number | undefined {
  let wallTime = nextWallTime(schedule, wallTimeAt(timeZone, after))
  while (wallTime !== undefined) {
    const instant = instantOf(timeZone, wallTime)
    // In the second pass through an hour, what it names has been.
    if (instant > after) return instant
    wallTime = nextWallTime(schedule, wallTime)
  }
  return undefined
}

/** Between two changes of the clock the offset is fixed; each such stretch is looked at by itself. */
function nextByDistance(schedule: TimedSchedule, timeZone: string, after: number): number | undefined {
  let offset = offsetAt(timeZone, after)
  let stretch = after
  let wallTime = nextWallTime(schedule, after + offset)
  while (wallTime !== undefined) {
    const instant = wallTime - offset
    const transition = nextTransition(timeZone, stretch, instant)
    if (transition === undefined) return instant
    stretch = transition
    offset = offsetAt(timeZone, transition)
    wallTime = nextWallTime(schedule, transition - 1 + offset)
  }
  return undefined
}

/** `found` is an occurrence before `end`; the last one is looked for by halving. */
function lastIn(schedule: TimedSchedule, timeZone: string, { found, end }: { found: number; end: number }): number {
  let last = found
  let none = end
  while (none - last > 1) {
    const middle = Math.floor((last + none) / 2)
    const next = nextInstant(schedule, timeZone, middle)
    if (next !== undefined && next < end) last = next
    else none = middle
  }
  return last
}
