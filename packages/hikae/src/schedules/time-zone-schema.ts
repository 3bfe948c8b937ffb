import { z } from 'zod'
import { nearest } from '../nearest.ts'
import { isTimeZone } from './time-zone.ts'

/** `timezone:` of a stack. */
export const timeZoneSchema = z
  .string()
  .superRefine((name, context) => {
    // `+09:00` is one for JavaScript, and none for systemd and the database of time zones.
    if (isTimeZone(name) && /^[A-Z]/i.test(name)) return
    const meant = nearest(name, Intl.supportedValuesOf('timeZone'))
    context.addIssue({
      code: 'custom',
      message: `there is no time zone '${name}'; ${meant ? `did you mean ${meant}?` : 'write for instance Asia/Tokyo or UTC'}`,
    })
  })
  .describe('Time zone of all schedules and time windows, as in `Asia/Tokyo`; the one of the machine by default.')
