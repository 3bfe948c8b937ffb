import { describe, test } from 'vitest'
import type { ScheduledJob } from '../scheduled-job.ts'
import { scheduleSchema } from '../schedule-schema.ts'
import { calendarsOf } from './calendar.ts'

const FROM = new Date('2026-11-21T00:00Z')

describe('expressions for systemd', () => {
  test.for([
    ['daily', ['*-*-* 02:00:00 Asia/Tokyo']],
    ['weekly', ['Sun *-*-* 03:00:00 Asia/Tokyo']],
    ['every 6h', ['*-*-* 00,06,12,18:00:00 Asia/Tokyo']],
    ['*/30 * * * *', ['*-*-* *:00,30:00 Asia/Tokyo']],
    ['every 90m', ['*-*-* 00,03,06,09,12,15,18,21:00:00 Asia/Tokyo', '*-*-* 01,04,07,10,13,16,19,22:30:00 Asia/Tokyo']],
    ['every 5h', ['*-*-* *:00:00 UTC']],
    ['every 2d', ['*-*-* 00:00:00 Asia/Tokyo']],
    ['0 2 1,L 1-3 *', ['*-01,02,03-01 02:00:00 Asia/Tokyo', '*-01,02,03~01 02:00:00 Asia/Tokyo']],
    ['0 2 13 * fri', ['*-*-13 02:00:00 Asia/Tokyo', 'Fri *-*-* 02:00:00 Asia/Tokyo']],
    ['manual', []],
  ] as const)('%s', ([text, lines], { expect }) => {
    expect(calendarsOf(job(text, 'Asia/Tokyo'), FROM)).toEqual(lines)
  })

  test('have others for the nights in which clocks change', ({ expect }) => {
    expect(calendarsOf(job('30 2 * * *', 'Europe/Berlin'), FROM)).toEqual([
      '*-*-* 02:30:00 Europe/Berlin',
      'Sun *-03-* 01:00:00 UTC',
    ])
    expect(calendarsOf(job('hourly', 'Europe/Berlin'), FROM)).toEqual([
      '*-*-* *:00:00 Europe/Berlin',
      'Sun *-10-* 01:00:00 UTC',
    ])
  })

  test('have the beginning of the hours for which a job may wait', ({ expect }) => {
    const nightly = { ...job('every 6h', 'UTC'), between: { from: 1350, to: 360 } }
    expect(calendarsOf(nightly, FROM)).toEqual(['*-*-* 00,06,12,18:00:00 UTC', '*-*-* 22:30:00 UTC'])
  })
})

function job(text: string, timeZone: string): ScheduledJob {
  return { name: 'databases', schedule: scheduleSchema.parse(text), timeZone }
}
