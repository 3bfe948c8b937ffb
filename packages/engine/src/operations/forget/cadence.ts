import type { CalendarDuration } from './calendar-duration.ts'
import type { Candidate } from './decide.ts'

const NONE: CalendarDuration = { years: 0, months: 0, days: 0, hours: 0 }
const NS_PER_HOUR = 3_600_000_000_000n
const HOURS_PER_DAY = 24
const HOURS_PER_WEEK = 7 * HOURS_PER_DAY

/** Older gaps are wider because snapshots between were removed: they say little about how often backups are made. */
const GAPS_CONSIDERED = 7

/**
 * How often a group is backed up, judged by its newest snapshots: hours below a day, else days, or months. A day where
 * nothing can be told.
 *
 * @param candidates newest first
 * @param now nanoseconds since the epoch; snapshots after it are not considered
 */
export function cadenceOf(candidates: readonly Candidate[], now: bigint): CalendarDuration {
  const hours = typicalGap(candidates, now)
  if (hours >= 28 * HOURS_PER_DAY && hours <= 31 * HOURS_PER_DAY) return { ...NONE, months: 1 }
  if (hours >= HOURS_PER_DAY - 2) return { ...NONE, days: Math.round(hours / HOURS_PER_DAY) }
  return { ...NONE, hours }
}

/** Whether a group gets no backups any more: nothing new for ten times as long as usual, and for longer than a week. */
export function hasEnded(candidates: readonly Candidate[], now: bigint): boolean {
  const newest = candidates.find(({ moment }) => moment.ns <= now)
  if (!newest) return false
  const silence = hoursIn(now - newest.moment.ns)
  return silence > Math.max(10 * typicalGap(candidates, now), HOURS_PER_WEEK)
}

/** Hours, at least one. */
function typicalGap(candidates: readonly Candidate[], now: bigint): number {
  const past = candidates.filter(({ moment }) => moment.ns <= now).slice(0, GAPS_CONSIDERED + 1)
  const gaps = past.slice(1).map(({ moment }, index) => hoursIn(past[index]!.moment.ns - moment.ns))
  if (gaps.length === 0) return HOURS_PER_DAY
  gaps.sort((a, b) => a - b)
  return Math.max(1, Math.round(gaps[Math.floor((gaps.length - 1) / 2)]!))
}

function hoursIn(ns: bigint): number {
  return Number(ns) / Number(NS_PER_HOUR)
}
