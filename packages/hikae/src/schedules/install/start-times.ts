import { type CronFields, isEveryWeekday, isEveryDayOfMonth } from '../cron-fields.ts'
import { occurrencesBetween } from '../occurrences.ts'
import { isTimed, type TimedSchedule } from '../schedule.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { dailyAt } from '../time-window.ts'
import { instantOf, nextTransition, offsetAt, wallTimeAt } from '../time-zone.ts'
import { isOfTheEpoch, nextWallTime } from '../wall-times.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY_MINUTES = 1440
/** Rules for clocks are looked at so far ahead. */
const AHEAD_MS = 10 * 366 * 24 * HOUR

/** All schedules by which a job may begin: its own, and the beginning of its hours, for which it may have to wait. */
export function schedulesOf({ schedule, between }: ScheduledJob): TimedSchedule[] {
  if (!isTimed(schedule)) return []
  return between ? [schedule, dailyAt(between.from)] : [schedule]
}

/** Minutes of the day at which a schedule comes on the days on which it does; by UTC if it counts from the epoch. */
export function minutesOfDay(schedule: TimedSchedule): number[] {
  if (schedule.kind === 'cron') {
    const { hours, minutes } = schedule.fields
    return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute))
  }
  const step = greatestCommonDivisor(schedule.everyMs / MINUTE, DAY_MINUTES)
  return Array.from({ length: DAY_MINUTES / step }, (_, index) => index * step)
}

/**
 * Occurrences that no clock on the wall announces by its name: right after a gap, or in an hour that comes for the second
 * time. They are found at the changes of the clock that are known for the next ten years.
 */
export function unnamedOccurrences(schedule: TimedSchedule, timeZone: string, from: Date): Date[] {
  if (isOfTheEpoch(schedule)) return []
  return transitionsAfter(timeZone, from).flatMap((transition) => {
    const nearby = occurrencesBetween(schedule, timeZone, new Date(transition - 1), new Date(transition + 3 * HOUR))
    return [...nearby].filter((occurrence) => !isNamed(schedule, timeZone, occurrence.getTime()))
  })
}

/** Minutes of the day in UTC that hold all moments at which a job may begin in the next ten years, and others besides. */
export function utcMinutesOfDay(job: ScheduledJob, from: Date): number[] {
  const { timeZone } = job
  const offsets = offsetsAfter(timeZone, from)
  const minutes = schedulesOf(job).flatMap((schedule) => {
    const shifts = isOfTheEpoch(schedule) ? [0] : offsets
    const named = minutesOfDay(schedule).flatMap((minute) =>
      shifts.map((offset) => modulo(minute - offset, DAY_MINUTES)),
    )
    const others = unnamedOccurrences(schedule, timeZone, from).map(
      (time) => time.getUTCHours() * 60 + time.getUTCMinutes(),
    )
    return [...named, ...others]
  })
  return [...new Set(minutes)].sort((a, b) => a - b)
}

/** Weekdays in UTC on which a job may begin; all of them unless its schedule names some and nothing else. */
export function utcWeekdays({ schedule, timeZone, between }: ScheduledJob, from: Date): number[] {
  const all = [0, 1, 2, 3, 4, 5, 6]
  // What waits for its hours may begin on the next day.
  if (schedule.kind !== 'cron' || between || !namesWeekdays(schedule.fields)) return all
  const shifts = minutesOfDay(schedule).flatMap((minute) =>
    offsetsAfter(timeZone, from).map((offset) => Math.floor((minute - offset) / DAY_MINUTES)),
  )
  const { weekdays } = schedule.fields
  return all.filter((day) => shifts.some((shift) => weekdays.includes(modulo(day - shift, 7))))
}

/** By how many minutes a clock in a time zone is ahead of UTC at any time in the next ten years. */
export function offsetsAfter(timeZone: string, from: Date): number[] {
  const moments = [from.getTime(), ...transitionsAfter(timeZone, from)]
  return [...new Set(moments.map((moment) => offsetAt(timeZone, moment) / MINUTE))]
}

function namesWeekdays(fields: CronFields): boolean {
  return !isEveryWeekday(fields) && isEveryDayOfMonth(fields)
}

function isNamed(schedule: TimedSchedule, timeZone: string, instant: number): boolean {
  const wallTime = wallTimeAt(timeZone, instant)
  return instantOf(timeZone, wallTime) === instant && nextWallTime(schedule, wallTime - 1) === wallTime
}

function transitionsAfter(timeZone: string, from: Date): number[] {
  const transitions: number[] = []
  const end = from.getTime() + AHEAD_MS
  let next = nextTransition(timeZone, from.getTime(), end)
  while (next !== undefined) {
    transitions.push(next)
    next = nextTransition(timeZone, next, end)
  }
  return transitions
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
