/** A length of time in calendar units: a month is as long as the calendar says. Whole numbers. */
export interface CalendarDuration {
  readonly years: number
  readonly months: number
  readonly days: number
  readonly hours: number
}

const UNITS = ['years', 'months', 'days', 'hours'] as const

export function isZeroDuration(duration: CalendarDuration): boolean {
  return UNITS.every((unit) => duration[unit] === 0)
}

/** `2y5m7d3h`, without what is zero; the empty text for no time at all. */
export function formatCalendarDuration(duration: CalendarDuration): string {
  return UNITS.map((unit) => (duration[unit] === 0 ? '' : `${duration[unit]}${unit[0]}`)).join('')
}

/** So many times as long; a negative factor leads back in time. */
export function scaleDuration({ years, months, days, hours }: CalendarDuration, factor: number): CalendarDuration {
  return { years: years * factor, months: months * factor, days: days * factor, hours: hours * factor }
}
