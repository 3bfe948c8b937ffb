import { z } from 'zod'
import { type DailyHours, parseDailyHours } from './time-window.ts'

/** `between:` of a job. */
export const dailyHoursSchema = z
  .string()
  .transform((text, context): DailyHours => {
    const parsed = parseDailyHours(text)
    if ('value' in parsed) return parsed.value
    for (const message of parsed.problems) context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
  .describe(
    'Hours of the day in which the job may begin, in the time zone of the stack, as in `22:00-06:00`. What is due outside of them ' +
      'begins when they do; what has begun is not stopped.',
  )
