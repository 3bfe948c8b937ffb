import { describe, test } from 'vitest'
import { z } from 'zod'
import { changeSchema } from './change-schema.ts'
import { dailyHoursSchema } from './daily-hours-schema.ts'
import { describeSchedule } from './schedule.ts'
import { scheduleSchema } from './schedule-schema.ts'
import { timeZoneSchema } from './time-zone-schema.ts'

describe('a schedule in the stack file', () => {
  test.for([
    ['daily', '0 2 * * *'],
    ['daily at 4:30', '30 4 * * *'],
    ['weekly', '0 3 * * 0'],
    ['Weekly on Saturday at 23:15', '15 23 * * 6'],
    ['weekly at 01:00 on tue', '0 1 * * 2'],
    ['hourly', '0 * * * *'],
    ['six-hourly', '0 */6 * * *'],
    ['monthly', '0 2 1 * *'],
    ['monthly on last at 05:00', '0 5 L * *'],
    ['@daily', '0 0 * * *'],
    ['@WEEKLY', '0 0 * * 7'],
    ['0 2 * JAN-mar,6 mon-5', '0 2 * 1,2,3,6 1-5'],
    ['5/20 */12 1-7/3 * sat-7', '5,25,45 0,12 1,4,7 * 0,6'],
  ])('%s is %s', ([text, cron], { expect }) => {
    expect(scheduleSchema.parse(text)).toEqual({ ...scheduleSchema.parse(cron), text })
  })

  test.for([
    ['every 6h', 6 * 60],
    ['every 90 minutes', 90],
    ['every 1h30m', 90],
    ['every hour', 60],
    ['every 2 days', 2 * 1440],
  ] as const)('%s is %i minutes', ([text, minutes], { expect }) => {
    expect(scheduleSchema.parse(text)).toEqual({ kind: 'interval', text, everyMs: minutes * 60_000 })
  })

  test('says its own words to people', ({ expect }) => {
    expect(describeSchedule(scheduleSchema.parse('  daily   at 04:30 '))).toBe('daily at 04:30')
    expect(describeSchedule(scheduleSchema.parse('manual'))).toBe('manual')
  })

  test.for([
    ['dayly', ["there is no schedule 'dayly'; did you mean daily?"]],
    ['manuel', ["there is no schedule 'manuel'; did you mean manual?"]],
    ['', ['a schedule is missing: write for instance daily, every 6h, or 30 2 * * *']],
    ['change', ["changes are no schedule: write 'on: change' instead of 'schedule: change'"]],
    ['@dayly', ["there is no schedule '@dayly'; did you mean @daily?"]],
    ['@reboot', ['@reboot is no schedule: what was missed while the machine was off runs after its start anyway']],
    [
      'weekly on sundey at 25:00',
      [
        "'sundey' is no day of the week; did you mean sunday?",
        "'25:00' is no time of day: write hours and minutes from 00:00 to 23:59, as in weekly at 04:30",
      ],
    ],
    ['monthly on 31', ["'31' is not a day that every month has: write 1 to 28, or last"]],
    ['hourly at 00:15', ["nothing comes after hourly, and here is 'at'; write a cron schedule instead"]],
    ['daily on 04:30', ["after daily comes at, not 'on'"]],
    ['every 6 huors', ["there is no unit 'huors'; did you mean hours?"]],
    ['every 30s', ['a schedule counts in minutes; the shortest is every 1m']],
    ['every 2 weeks', ['weeks have a day: write weekly on sunday']],
    ['every 0m', ["'every 0m' is not between every 1m and every 366d"]],
    ['every', ["'every' says not how often: write a number and m, h or d, as in every 6h"]],
    [
      '60 24 * jun mot',
      [
        '60 is no minute: they go from 0 to 59',
        '24 is no hour: they go from 0 to 23',
        "'mot' is no weekday; did you mean mon?",
      ],
    ],
    ['5-1 * * * *', ["'5-1' as minute ends before it begins; write two ranges with a comma"]],
    ['*/0 * * * *', ["'*/0' makes no sense as minute: write for instance 0-59/2"]],
    ['0 0 30 2 *', ["'0 0 30 2 *' never comes: no such month has such a day"]],
    [
      '0 0 2 * * *',
      [
        "'0 0 2 * * *' has 6 fields, and a cron schedule has 5: minute, hour, day of month, month, weekday; there is none for seconds",
      ],
    ],
  ] as const)('%s is refused with all that is wrong', ([text, messages], { expect }) => {
    expect(messagesOf(scheduleSchema, text)).toEqual(messages)
  })
})

test('on: change has usual times, and others', ({ expect }) => {
  expect(changeSchema.parse('change')).toEqual({ kind: 'change', settleMs: 30_000, atMostMs: 600_000 })
  expect(changeSchema.parse({ change: { settle: '1h' } })).toMatchObject({ settleMs: 3_600_000, atMostMs: 3_600_000 })
  expect(changeSchema.parse({ change: { settle: '2m', atMost: '1h' } })).toMatchObject({ atMostMs: 3_600_000 })
  expect(changeSchema.safeParse({ change: { settle: '2h', atMost: '1h' } }).success).toBe(false)
  expect(changeSchema.safeParse({ change: { settle: '0s' } }).success).toBe(false)
  expect(changeSchema.safeParse('always').success).toBe(false)
})

test('hours of the day are two times', ({ expect }) => {
  expect(dailyHoursSchema.parse('22:00-06:00')).toEqual({ from: 1320, to: 360 })
  expect(dailyHoursSchema.parse('20:00 - 24:00')).toEqual({ from: 1200, to: 0 })
  expect(messagesOf(dailyHoursSchema, '22-6:00')).toEqual(["'22' is no time of day: write it as 22:00"])
  expect(messagesOf(dailyHoursSchema, '25:00-7:60')).toHaveLength(2)
  expect(messagesOf(dailyHoursSchema, '22:00')).toEqual(["'22:00' names no hours: write two times, as in 22:00-06:00"])
  expect(messagesOf(dailyHoursSchema, '6:00-06:00')).toHaveLength(1)
})

test('a time zone is one that is known', ({ expect }) => {
  expect(timeZoneSchema.parse('Asia/Tokyo')).toBe('Asia/Tokyo')
  expect(timeZoneSchema.parse('UTC')).toBe('UTC')
  expect(messagesOf(timeZoneSchema, 'Asia/Tokio')).toEqual([
    "there is no time zone 'Asia/Tokio'; did you mean Asia/Tokyo?",
  ])
  expect(messagesOf(timeZoneSchema, '+09:00')).toHaveLength(1)
})

test('all of them can be described for editors and the reference', ({ expect }) => {
  for (const schema of [scheduleSchema, changeSchema, dailyHoursSchema, timeZoneSchema]) {
    expect(z.toJSONSchema(schema, { io: 'input' }).description).toBeTypeOf('string')
  }
})

function messagesOf(schema: z.ZodType, given: unknown): string[] {
  return schema.safeParse(given).error?.issues.map(({ message }) => message) ?? []
}
