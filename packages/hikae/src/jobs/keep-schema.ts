import type { CalendarDuration, KeepPolicy } from '@hikae/engine'
import { z } from 'zod'
import { parseCalendarDuration } from '../calendar-duration.ts'
import { errorMessage } from '../errors.ts'

const count = z
  .union([z.int().min(1).max(1_000_000), z.literal('unlimited')])
  .describe('how many; `unlimited` keeps one for each such period there ever was')

const duration = z
  .string()
  .transform((text, context): CalendarDuration => {
    try {
      return parseCalendarDuration(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: errorMessage(error) })
      return z.NEVER
    }
  })
  .describe('years, months, days and hours: `30d`, `1y6m`')

const rules = z.strictObject({
  last: count.optional().describe('the newest so many snapshots'),
  hourly: count.optional().describe('the newest of each hour that has one'),
  daily: count.optional().describe('the newest of each day that has one'),
  weekly: count.optional().describe('the newest of each week that has one'),
  monthly: count.optional().describe('the newest of each month that has one'),
  yearly: count.optional().describe('the newest of each year that has one'),
  within: duration.optional().describe('all that are at most so much older than the newest'),
  withinHourly: duration.optional().describe('the newest of each hour, so far back'),
  withinDaily: duration.optional().describe('the newest of each day, so far back'),
  withinWeekly: duration.optional().describe('the newest of each week, so far back'),
  withinMonthly: duration.optional().describe('the newest of each month, so far back'),
  withinYearly: duration.optional().describe('the newest of each year, so far back'),
})

/** `keep:` of a job: rules of which one is enough for a snapshot to stay, or `forever`. */
export const keepSchema = z
  .union([z.literal('forever'), rules])
  .transform((given, context): KeepPolicy | 'forever' => {
    if (given === 'forever') return given
    if (Object.values(given).some((rule) => rule !== undefined)) return policyFrom(given)
    context.addIssue({ code: 'custom', message: 'keep has no rule: write for instance { daily: 30 }, or forever' })
    return z.NEVER
  })
  .describe('which snapshots stay; the last good one of a source always does')

function policyFrom({ last, within, ...given }: z.output<typeof rules>): KeepPolicy {
  const { withinHourly, withinDaily, withinWeekly, withinMonthly, withinYearly, ...counts } = given
  const withinPeriods = {
    hourly: withinHourly,
    daily: withinDaily,
    weekly: withinWeekly,
    monthly: withinMonthly,
    yearly: withinYearly,
  }
  return {
    ...(last === undefined ? {} : { last }),
    ...(within === undefined ? {} : { within }),
    counts: present(counts),
    withinPeriods: present(withinPeriods),
  }
}

function present<T>(fields: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, T] => entry[1] !== undefined))
}
