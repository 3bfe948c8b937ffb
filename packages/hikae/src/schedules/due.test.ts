import { describe, test } from 'vitest'
import { dueAt, MOST_COUNTED } from './due.ts'
import type { ScheduledJob } from './scheduled-job.ts'
import { scheduleSchema } from './schedule-schema.ts'
import { parseDailyHours, timeWindow, type DailyHours } from './time-window.ts'

const DAILY = job('daily')

describe('a job', () => {
  test('that has never run is due from its first time after it was first seen', ({ expect }) => {
    const firstSeen = at('2026-11-20 09:00')
    expect(dueAt(DAILY, { firstSeen }, at('2026-11-21 01:59'))).toEqual({
      isDue: false,
      since: undefined,
      missed: 0,
      next: at('2026-11-21 02:00'),
    })
    expect(dueAt(DAILY, { firstSeen }, at('2026-11-21 02:00'))).toEqual({
      isDue: true,
      since: at('2026-11-21 02:00'),
      missed: 1,
      next: at('2026-11-22 02:00'),
    })
  })

  test('that has begun at its time is due no more', ({ expect }) => {
    const lastStarted = at('2026-11-21 02:00')
    expect(dueAt(DAILY, { lastStarted, firstSeen: at('2026-11-01 00:00') }, lastStarted).isDue).toBe(false)
  })

  test('is due again when it is to be tried again, and at its time at the latest', ({ expect }) => {
    const [firstSeen, lastStarted] = [at('2026-11-01 00:00'), at('2026-11-21 02:00')]
    const marks = { firstSeen, lastStarted, retryAt: at('2026-11-21 02:15') }
    expect(dueAt(DAILY, marks, at('2026-11-21 02:14'))).toMatchObject({ isDue: false, next: at('2026-11-21 02:15') })
    expect(dueAt(DAILY, marks, at('2026-11-21 02:15'))).toEqual({
      isDue: true,
      since: at('2026-11-21 02:15'),
      missed: 1,
      next: at('2026-11-22 02:00'),
    })
    const late = { ...marks, retryAt: at('2026-11-23 02:15') }
    expect(dueAt(DAILY, late, at('2026-11-21 02:15')).next).toEqual(at('2026-11-22 02:00'))
    expect(dueAt(DAILY, late, at('2026-11-22 02:00'))).toMatchObject({ isDue: true, missed: 1 })
  })

  test('is due once for all that was missed', ({ expect }) => {
    const marks = { lastStarted: at('2026-11-14 02:00'), firstSeen: at('2026-11-01 00:00') }
    expect(dueAt(DAILY, marks, at('2026-11-21 12:00'))).toEqual({
      isDue: true,
      since: at('2026-11-15 02:00'),
      missed: 7,
      next: at('2026-11-22 02:00'),
    })
    const caughtUp = { ...marks, lastStarted: at('2026-11-21 12:00') }
    expect(dueAt(DAILY, caughtUp, at('2026-11-21 12:01')).missed).toBe(0)
    const everyMinute = dueAt(job('every 1m'), marks, at('2026-11-21 12:00'))
    expect(everyMinute.missed).toBe(MOST_COUNTED)
  })

  test('is not due twice when the clock was set back', ({ expect }) => {
    const marks = { lastStarted: at('2026-11-21 02:00'), firstSeen: at('2026-11-01 00:00') }
    expect(dueAt(DAILY, marks, at('2026-11-21 01:30'))).toMatchObject({ isDue: false, next: at('2026-11-22 02:00') })
    expect(dueAt(DAILY, marks, at('2026-11-21 02:05')).isDue).toBe(false)
  })

  test('is not silent until a wrong clock comes true', ({ expect }) => {
    const marks = { lastStarted: at('2038-01-19 02:00'), firstSeen: at('2026-11-01 00:00') }
    expect(dueAt(DAILY, marks, at('2026-11-21 01:30')).isDue).toBe(true)
    const allWrong = { ...marks, firstSeen: at('2037-01-01 00:00') }
    expect(dueAt(DAILY, allWrong, at('2026-11-21 02:00')).isDue).toBe(true)
    const weekly = dueAt(job('weekly on sunday'), allWrong, at('2026-11-21 02:00'))
    expect(weekly).toMatchObject({ isDue: false, next: at('2026-11-22 03:00') })
    expect(dueAt(job('weekly on sunday'), allWrong, at('2026-11-22 03:00')).isDue).toBe(true)
  })

  test('waits for its hours', ({ expect }) => {
    const nightly = job('every 6h', hours('22:00-06:00'))
    const marks = { lastStarted: at('2026-11-21 06:00'), firstSeen: at('2026-11-01 00:00') }
    expect(dueAt(nightly, marks, at('2026-11-21 12:00'))).toEqual({
      isDue: false,
      since: at('2026-11-21 12:00'),
      missed: 1,
      next: at('2026-11-21 22:00'),
    })
    expect(dueAt(nightly, marks, at('2026-11-21 22:00'))).toMatchObject({ isDue: true, missed: 2 })
  })

  test('that is manual is never due', ({ expect }) => {
    const never = { isDue: false, since: undefined, missed: 0, next: undefined }
    expect(dueAt(job('manual'), { firstSeen: at('2020-01-01 00:00') }, at('2026-11-21 12:00'))).toEqual(never)
  })
})

describe('hours of the day', () => {
  test('can go over midnight', ({ expect }) => {
    const night = timeWindow(hours('22:00-06:00'), 'Asia/Tokyo')
    expect(['21:59', '22:00', '00:00', '05:59', '06:00'].map((time) => night.isOpen(at(`2026-11-21 ${time}`)))).toEqual(
      [false, true, true, true, false],
    )
    expect(night.opensNext(at('2026-11-21 12:00'))).toEqual(at('2026-11-21 22:00'))
    expect(night.opensNext(at('2026-11-21 22:00'))).toEqual(at('2026-11-22 22:00'))
    const day = timeWindow(hours('09:00-17:00'), 'Asia/Tokyo')
    expect(['08:59', '09:00', '16:59', '17:00'].map((time) => day.isOpen(at(`2026-11-21 ${time}`)))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  test('open when the clocks have been set forward over their beginning', ({ expect }) => {
    const late = timeWindow(hours('02:30-06:00'), 'Europe/Berlin')
    expect(late.opensNext(new Date('2026-03-28T12:00Z'))).toEqual(new Date('2026-03-29T01:00Z'))
    const missing = timeWindow(hours('02:15-02:45'), 'Europe/Berlin')
    expect(missing.opensNext(new Date('2026-03-28T12:00Z'))).toEqual(new Date('2026-03-30T00:15Z'))
  })
})

function job(text: string, between?: DailyHours): ScheduledJob {
  const schedule = scheduleSchema.parse(text)
  return { name: 'databases', schedule, timeZone: 'Asia/Tokyo', ...(between ? { between } : {}) }
}

function hours(text: string): DailyHours {
  const parsed = parseDailyHours(text)
  if ('problems' in parsed) throw new Error(parsed.problems.join())
  return parsed.value
}

/** In Tokyo. */
function at(text: string): Date {
  return new Date(`${text.replace(' ', 'T')}:00+09:00`)
}
