/** Proleptic Gregorian calendar, as arithmetic: years before 100 and after 275760 included, unlike Date. */

export const SECONDS_PER_DAY = 86_400
const DAYS_PER_ERA = 146_097
const YEARS_PER_ERA = 400

/** Seconds in 400 years, after which the calendar repeats, days of the week included. */
export const SECONDS_PER_ERA = DAYS_PER_ERA * SECONDS_PER_DAY

export interface CivilDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

const CUMULATIVE_DAYS = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334] as const

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % YEARS_PER_ERA === 0)
}

/** 0 for a month that does not exist. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  if (month < 1 || month > 12) return 0
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days from 1970-01-01 to a date; a day past the month's end counts on into the next month. */
export function daysOfDate(year: number, month: number, day: number): number {
  const before = year - 1
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / YEARS_PER_ERA)
  const leapDayPassed = month > 2 && isLeapYear(year) ? 1 : 0
  return before * 365 + leapDays + CUMULATIVE_DAYS[month - 1]! + leapDayPassed + day - 1 - DAYS_TO_EPOCH
}

const DAYS_TO_EPOCH = 719_162

/** The date that lies `days` after 1970-01-01. */
export function dateOfDays(days: number): CivilDate {
  const sinceYearOne = days + DAYS_TO_EPOCH
  const era = Math.floor(sinceYearOne / DAYS_PER_ERA)
  const dayOfEra = sinceYearOne - era * DAYS_PER_ERA
  let year = era * YEARS_PER_ERA + 1 + Math.floor(dayOfEra / 365.2425)
  if (daysOfDate(year + 1, 1, 1) <= days) year++
  else if (daysOfDate(year, 1, 1) > days) year--
  const dayOfYear = days - daysOfDate(year, 1, 1)
  let month = Math.min(12, Math.floor(dayOfYear / 29) + 1)
  while (daysOfDate(year, month, 1) > days) month--
  return { year, month, day: dayOfYear - (daysOfDate(year, month, 1) - daysOfDate(year, 1, 1)) + 1 }
}

/** The remainder that is never negative. */
export function modulo(value: number, divisor: number): number {
  const rest = value % divisor
  return rest < 0 ? rest + divisor : rest
}
