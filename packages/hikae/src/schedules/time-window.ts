import { nextAfter } from './occurrences.ts'
import type { CronSchedule } from './schedule.ts'
import { formatTimeOfDay, parseTimeOfDay } from './time-of-day.ts'
import type { Parsed } from './parsed.ts'
import { wallTimeAt } from './time-zone.ts'

const MINUTE = 60_000
const ALL = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** Hours of every day in which something may begin, in minutes since local midnight; over midnight when `to` is less. */
export interface DailyHours {
  readonly from: number
  /** Itself not included. */
  readonly to: number
}

export interface TimeWindow {
  isOpen(now: Date): boolean
  /** The next moment at which it is opened, also while it is open. */
  opensNext(now: Date): Date
}

/** `22:00-06:00` */
export function parseDailyHours(text: string): Parsed<DailyHours> {
  const [first = '', last = '', ...more] = text.trim().split(/\s*[-–]\s*/)
  if (more.length > 0 || last === '')
    return { problems: [`'${text}' names no hours: write two times, as in 22:00-06:00`] }
  const from = parseTimeOfDay(first)
  const to = last === '24:00' ? 0 : parseTimeOfDay(last)
  const problems = [
    ...(from === undefined ? [`'${first}' is no time of day: write it as 22:00`] : []),
    ...(to === undefined ? [`'${last}' is no time of day: write it as 06:00`] : []),
  ]
  if (from === undefined || to === undefined) return { problems }
  if (from === to) return { problems: [`'${text}' ends when it begins; leave it out to allow the whole day`] }
  return { value: { from, to } }
}

export function describeDailyHours({ from, to }: DailyHours): string {
  return `${formatTimeOfDay(from)}-${formatTimeOfDay(to)}`
}

export function timeWindow({ from, to }: DailyHours, timeZone: string): TimeWindow {
  const opening = dailyAt(from)
  const isOpen = (now: Date): boolean => {
    const minutes = (wallTimeAt(timeZone, now.getTime()) / MINUTE) % 1440
    return from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to
  }
  return {
    isOpen,
    opensNext(now) {
      let next = nextAfter(opening, timeZone, now)!
      // Hours that are missing as a whole, because clocks are set forward over them, are not opened that day.
      while (!isOpen(next)) next = nextAfter(opening, timeZone, next)!
      return next
    },
  }
}

/** The schedule of its openings. */
export function dailyAt(minutes: number): CronSchedule {
  const fields = {
    minutes: [minutes % 60],
    hours: [Math.floor(minutes / 60)],
    days: ALL(1, 31),
    lastDay: false,
    months: ALL(1, 12),
    weekdays: ALL(0, 6),
  }
  return { kind: 'cron', text: `daily at ${formatTimeOfDay(minutes)}`, fields }
}
