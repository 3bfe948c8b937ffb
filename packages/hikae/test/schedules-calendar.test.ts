import { missingPrograms, runOk, skipBecause } from '@hikae/testkit'
import { describe, test } from 'vitest'
import { occurrencesBetween } from '../src/schedules/occurrences.ts'
import type { ScheduledJob } from '../src/schedules/scheduled-job.ts'
import { scheduleSchema } from '../src/schedules/schedule-schema.ts'
import { calendarsOf } from '../src/schedules/install/calendar.ts'

const FROM = new Date('2026-11-21T00:00Z')

describe.skipIf(skipBecause(await missingPrograms('systemd-analyze')))('systemd', () => {
  const NIGHTS = [
    ['Asia/Tokyo', '2027-03-27T20:00Z'],
    ['Europe/Berlin', '2027-03-27T20:00Z'],
    ['Europe/Berlin', '2027-10-30T20:00Z'],
    ['America/New_York', '2027-03-13T20:00Z'],
    ['America/New_York', '2027-11-06T20:00Z'],
    ['Australia/Lord_Howe', '2027-04-03T06:00Z'],
    ['Australia/Lord_Howe', '2027-10-02T06:00Z'],
  ] as const
  const TEXTS = ['30 2 * * *', '15,45 1-2 * * *', '*/20 * * * *', 'every 6h', 'every 5h', '0 0 L * *', '0 2 1 * sun']

  test.for(NIGHTS)('begins everything in %s when it is due, from %s', async ([zone, start], { expect }) => {
    for (const text of TEXTS) {
      const calendars = calendarsOf(job(text, zone), FROM)
      const after = new Date(start)
      const until = new Date(after.getTime() + 24 * 3_600_000)
      const fired = await firedBy(calendars, after)
      const due = [...occurrencesBetween(scheduleSchema.parse(text), zone, after, until)]
      const missed = due.filter((time) => !fired.has(time.getTime()))
      expect(missed, `${text}: ${calendars.join(' | ')}`).toEqual([])
    }
  })
})

/** The next 75 moments of each expression, which are more than a day of the densest here. */
async function firedBy(calendars: readonly string[], after: Date): Promise<Set<number>> {
  const base = `${after.toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const args = ['calendar', '--iterations=75', `--base-time=${base}`, ...calendars]
  const { stdout } = await runOk('systemd-analyze', args, { env: { TZ: 'UTC', LC_ALL: 'C' } })
  const times = stdout.matchAll(/(?:Next elapse|Iter\. #\d+): \w+ (\S+) (\S+) UTC/g)
  return new Set([...times].map(([, day, time]) => Date.parse(`${day}T${time}Z`)))
}

function job(text: string, timeZone: string): ScheduledJob {
  return { name: 'databases', schedule: scheduleSchema.parse(text), timeZone }
}
