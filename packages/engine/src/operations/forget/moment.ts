import { daysOfDate, modulo, SECONDS_PER_DAY } from '../../json/civil-date.ts'
import { parseTime } from '../../json/go-time.ts'
import type { CalendarDuration } from './calendar-duration.ts'
import type { Period } from './policy.ts'

const NS_PER_SECOND = 1_000_000_000n

/** Seconds by which a zone is ahead of UTC at an instant, which is given in seconds since the epoch. */
export type ZoneRule = (seconds: number) => number

/** A stored time, taken apart once. */
export interface Moment {
  /** As stored, with the zone of whoever wrote it. */
  readonly text: string
  /** The instant, in nanoseconds since the epoch. */
  readonly ns: bigint
  /** Equal for moments of the same hour, day, … of their own calendars. */
  readonly keys: Readonly<Record<Period, string>>
}

/** @param text RFC 3339, as snapshots have it @throws {DamagedError} not a time */
export function momentOf(text: string): Moment {
  const ns = parseTime(text)
  const keys = {
    hourly: text.slice(0, 13),
    daily: text.slice(0, 10),
    weekly: isoWeek(dateIn(text)),
    monthly: text.slice(0, 7),
    yearly: text.slice(0, 4),
  }
  return { text, ns, keys }
}

interface LocalDate {
  readonly year: number
  readonly month: number
  readonly day: number
}

function dateIn(text: string): LocalDate {
  return { year: Number(text.slice(0, 4)), month: Number(text.slice(5, 7)), day: Number(text.slice(8, 10)) }
}

/** Weeks begin on Monday and belong to the year of their Thursday. */
function isoWeek({ year, month, day }: LocalDate): string {
  const days = daysOfDate(year, month, day)
  // The epoch was a Thursday.
  const thursday = days - modulo(days + 3, 7) + 3
  let weekYear = year
  if (thursday < daysOfDate(year, 1, 1)) weekYear--
  else if (thursday >= daysOfDate(year + 1, 1, 1)) weekYear++
  return `${weekYear}-${Math.floor((thursday - daysOfDate(weekYear, 1, 1)) / 7) + 1}`
}

/**
 * The instant that a clock on the wall shows after a time has passed: first years, months and days by the calendar, where
 * a day that the month has not got runs over into the next, then hours. As in restic, the clock goes by the rules of `zone`
 * when the stored offset is the one that `zone` had then, else the offset stays as it is.
 *
 * @returns nanoseconds since the epoch
 */
export function addDuration({ text, ns }: Moment, duration: CalendarDuration, zone: ZoneRule): bigint {
  const { year, month, day } = dateIn(text)
  const fraction = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND
  const instant = Number((ns - fraction) / NS_PER_SECOND)
  const timeOfDay = Number(text.slice(11, 13)) * 3600 + Number(text.slice(14, 16)) * 60 + Number(text.slice(17, 19))
  const offset = daysOfDate(year, month, day) * SECONDS_PER_DAY + timeOfDay - instant

  const months = (year + duration.years) * 12 + month - 1 + duration.months
  const days = daysOfDate(Math.floor(months / 12), modulo(months, 12) + 1, day + duration.days)
  const onTheWall = days * SECONDS_PER_DAY + timeOfDay
  const followsZone = !text.endsWith('Z') && zone(instant) === offset
  const seconds = followsZone ? fromWallClock(onTheWall, zone) : onTheWall - offset
  return BigInt(seconds + duration.hours * 3600) * NS_PER_SECOND + fraction
}

/** As Go resolves it where clocks change: a time that is skipped or comes twice takes the offset of one of the sides. */
function fromWallClock(seconds: number, zone: ZoneRule): number {
  const guess = zone(seconds)
  return guess === 0 ? seconds : seconds - zone(seconds - guess)
}

const ZONE = /(?:Z|([+-])(\d\d):(\d\d))$/

/** The zone that a stored time ends with: `Z`, `+09:00`. */
export function zoneIn(text: string): string {
  return ZONE.exec(text)![0]
}

/**
 * An instant in whole seconds, as a clock of that zone would have stored it.
 *
 * @param ns years 0 to 9999 only
 */
export function momentAt(ns: bigint, zone: string): Moment {
  const [, sign, hours, minutes] = ZONE.exec(zone)!
  const ahead = sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60
  const local = new Date((Number(ns / NS_PER_SECOND) + ahead) * 1000)
  return momentOf(local.toISOString().slice(0, 19) + zone)
}
