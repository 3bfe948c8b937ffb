export type DigestInterval = 'daily' | 'weekly' | 'monthly'

/** In the stack's time zone: people find it when they begin to work. */
const HOUR = 8
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * The name of the period that has begun last: the day on which its digest is due at 8 o'clock (the Monday of a week, the
 * first of a month), such as `2026-11-16`. A digest is due when this name is later than that of the last one.
 */
export function digestPeriod(interval: DigestInterval, now: number, timeZone: string): string {
  const shifted = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(now)
  const part = (type: string): number => Number(shifted.find((one) => one.type === type)!.value)
  // The calendar alone, as if it were UTC: no day of it is longer or shorter than another.
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'))
  const day = new Date(local - HOUR * HOUR_MS)
  if (interval === 'monthly') day.setUTCDate(1)
  const sinceMonday = (day.getUTCDay() + 6) % 7
  const first = interval === 'weekly' ? day.getTime() - sinceMonday * DAY_MS : day.getTime()
  return new Date(first).toISOString().slice(0, 10)
}
