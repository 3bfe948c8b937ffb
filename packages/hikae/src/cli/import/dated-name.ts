import { instantOf, wallClockOf } from './wall-clock.ts'

/** A time that stands in a name. */
export interface NameTime {
  /** Nanoseconds since the epoch. */
  readonly timeNs: bigint
  readonly start: number
  readonly end: number
  /** How it was read: `YYYYMMDD_HHmmSS`. */
  readonly form: string
}

/** What every form is read with. */
export interface NameClock {
  /** IANA name, for times without a zone of their own. */
  readonly zone: string
  /** Milliseconds since the epoch: no backup is of later than a day from now. */
  readonly nowMs: number
}

interface Form {
  readonly name: string
  readonly pattern: RegExp
}

const YEAR = String.raw`(?<year>(?:19|20)\d\d)`
const MONTH = String.raw`(?<month>0[1-9]|1[0-2])`
const DAY = String.raw`(?<day>0[1-9]|[12]\d|3[01])`
const HOUR = String.raw`(?<hour>[01]\d|2[0-3])`
const MINUTE = String.raw`(?<minute>[0-5]\d)`
const SECOND = String.raw`(?<second>[0-5]\d)`
const ZONE = String.raw`(?<zone>Z(?![a-zA-Z])|[+-](?:0\d|1[0-4]):?(?:00|15|30|45))?`
const BETWEEN = '[-_.T@ ]'
const DATE = String.raw`${YEAR}(?<dash>[-_.])${MONTH}\k<dash>${DAY}`
const DAY_FIRST = String.raw`${DAY}(?<dash>[-_.])${MONTH}\k<dash>${YEAR}`
const MONTH_FIRST = String.raw`${MONTH}(?<dash>[-_.])${DAY}\k<dash>${YEAR}`

function form(name: string, source: string): Form {
  return { name, pattern: new RegExp(String.raw`(?<!\d)${source}(?!\d)`, 'g') }
}

const FORMS: readonly Form[] = [
  form('YYYYMMDD_HHmmSS', `${YEAR}${MONTH}${DAY}${BETWEEN}?${HOUR}${MINUTE}${SECOND}${ZONE}`),
  form('YYYYMMDD_HH-mm-SS', `${YEAR}${MONTH}${DAY}${BETWEEN}${HOUR}[-_.:]${MINUTE}[-_.:]${SECOND}${ZONE}`),
  form('YYYYMMDD_HHmm', `${YEAR}${MONTH}${DAY}${BETWEEN}?${HOUR}${MINUTE}${ZONE}`),
  form('YYYYMMDDHH', `${YEAR}${MONTH}${DAY}${HOUR}`),
  form('YYYYMMDD', `${YEAR}${MONTH}${DAY}`),
  form('YYYY-MM-DD_HHmmSS', `${DATE}${BETWEEN}${HOUR}${MINUTE}${SECOND}${ZONE}`),
  form('YYYY-MM-DD_HH-mm-SS', `${DATE}${BETWEEN}${HOUR}[-_.:]${MINUTE}[-_.:]${SECOND}${ZONE}`),
  form('YYYY-MM-DD_HHmm', `${DATE}${BETWEEN}${HOUR}[-_.:h]?${MINUTE}${ZONE}`),
  form('YYYY-MM-DD', DATE),
  form('DD-MM-YYYY', DAY_FIRST),
  form('MM-DD-YYYY', MONTH_FIRST),
  form('unix seconds', String.raw`(?<unix>1\d{9}|2\d{9})`),
]

const DAY_NS = 86_400_000_000_000n

/**
 * Every time that a name may mean. A time of which another one is a part (the day of a day and hour) does not count.
 *
 * @returns none when there is none, several when they contradict each other
 */
export function timesInName(name: string, clock: NameClock): NameTime[] {
  const found = FORMS.flatMap(({ name: form, pattern }) =>
    [...name.matchAll(pattern)].flatMap((match) => {
      const timeNs = timeOf(match.groups!, clock)
      if (timeNs === undefined || timeNs > BigInt(clock.nowMs) * 1_000_000n + DAY_NS) return []
      return [{ timeNs, start: match.index, end: match.index + match[0].length, form }]
    }),
  )
  const whole = found.filter((time) => !found.some((other) => isPart(time, other)))
  return whole.filter(({ timeNs }, index) => whole.findIndex((other) => other.timeNs === timeNs) === index)
}

function isPart(time: NameTime, other: NameTime): boolean {
  return other.start <= time.start && other.end >= time.end && other.end - other.start > time.end - time.start
}

function timeOf(groups: Readonly<Record<string, string | undefined>>, { zone }: NameClock): bigint | undefined {
  if (groups['unix'] !== undefined) return BigInt(groups['unix']) * 1_000_000_000n
  const stated = groups['zone']
  return instantOf(wallClockOf(groups), stated === undefined ? zone : zoneName(stated))
}

/** `+0900` as Intl has it. */
function zoneName(stated: string): string {
  return stated === 'Z' ? 'UTC' : `${stated.slice(0, 3)}:${stated.slice(-2)}`
}
