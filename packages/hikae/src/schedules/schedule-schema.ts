import { z } from 'zod'
import { parseSchedule } from './parse-schedule.ts'
import type { ManualSchedule, TimedSchedule } from './schedule.ts'

/** `schedule:` of a job. */
export const scheduleSchema = z
  .string()
  .transform((text, context): TimedSchedule | ManualSchedule => {
    const parsed = parseSchedule(text)
    if ('value' in parsed) return parsed.value
    for (const message of parsed.problems) context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .describe(
    'When the job runs, in the time zone of the stack. ' +
      'A word: `hourly`, `six-hourly` (0, 6, 12 and 18 o’clock), `daily` (02:00), `weekly` (Sunday 03:00), `monthly` (the 1st, 02:00), ' +
      'with another time or day as in `daily at 04:30`, `weekly on saturday at 23:00`, `monthly on last`. ' +
      'An interval: `every 6h`, `every 15m`, `every 2d`; counted from local midnight when it divides a day or is made of whole days, ' +
      'otherwise (`every 5h`) from 1970-01-01 00:00 UTC. ' +
      'Five fields of cron: `30 2 * * mon-fri`, also `@daily` and the like, which mean midnight; a day fits by day of month or by weekday ' +
      'when both are given, and `L` is the last day of the month. ' +
      '`manual`: only when asked. ' +
      'When clocks change: a time that does not exist that day runs as soon as the clocks have been set forward, one that comes twice runs ' +
      'the first time; what runs in every hour keeps its distance. What was missed while the machine was off runs once afterwards.',
  )
