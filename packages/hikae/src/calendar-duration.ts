import type { CalendarDuration } from '@hikae/engine'
import { UsageError } from './errors.ts'

const UNITS = { y: 'years', m: 'months', d: 'days', h: 'hours' } as const
type Unit = keyof typeof UNITS

/** `1y5m7d2h`: years, months, days and hours of the calendar; `m` is a month here, unlike in other durations. */
export function parseCalendarDuration(text: string): CalendarDuration {
  const parts = [...text.trim().matchAll(/(\d{1,6})([ymdh])/g)]
  const units = parts.map(([, , unit]) => unit as Unit)
  const isWhole = parts.map(([part]) => part).join('') === text.trim()
  if (parts.length === 0 || !isWhole || new Set(units).size < units.length) {
    throw new UsageError(`'${text}' is not a time in years, months, days and hours`, {
      hint: 'write numbers with y, m, d or h, each once, as in 90d or 1y6m',
    })
  }
  const amounts = parts.map(([, amount], index) => [UNITS[units[index]!], Number(amount)])
  return { years: 0, months: 0, days: 0, hours: 0, ...(Object.fromEntries(amounts) as Partial<CalendarDuration>) }
}
