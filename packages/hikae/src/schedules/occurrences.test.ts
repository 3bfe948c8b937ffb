import fc from 'fast-check'
import { describe, test } from 'vitest'
import { lastBefore, nextAfter, occurrencesBetween } from './occurrences.ts'
import { parseSchedule } from './parse-schedule.ts'
import { isTimed, type TimedSchedule } from './schedule.ts'

const MINUTE = 60_000
const ZONES = ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'] as const

/** Middles of days around which something happens in one of the zones: clocks, a leap day, a year. */
const DATES = [
  '2026-03-08T07:00Z',
  '2026-03-29T01:00Z',
  '2026-04-04T15:00Z',
  '2026-10-03T15:30Z',
  '2026-10-25T01:00Z',
  '2026-11-01T06:00Z',
  '2026-12-31T23:00Z',
  '2028-02-29T06:00Z',
  '2026-07-15T12:00Z',
].map((text) => Date.parse(text))

describe('the times of a schedule', () => {
  test('are those that somebody finds who looks at a clock every minute', ({ expect }) => {
    const minute = fc.constantFrom('0', '30', '*/15', '7,53', '*/20')
    const hour = fc.constantFrom('*', '1', '2', '0-3', '*/6', '1,2,23', '12')
    const day = fc.constantFrom('*', '*', '1', '28-31', 'L')
    const weekday = fc.constantFrom('*', '*', '0', 'mon-fri')
    const cron = fc.tuple(minute, hour, day, weekday).map(([m, h, d, w]) => `${m} ${h} ${d} * ${w}`)
    const interval = fc.constantFrom('every 15m', 'every 1h', 'every 90m', 'every 6h', 'every 5h', 'every 2d')
    fc.assert(
      fc.property(
        fc.oneof(cron, interval),
        fc.constantFrom(...ZONES),
        fc.constantFrom(...DATES),
        (text, zone, middle) => {
          const after = new Date(middle - 30 * 60 * MINUTE)
          const until = new Date(middle + 30 * 60 * MINUTE)
          const found = [...occurrencesBetween(timed(text), zone, after, until)]
          expect(found.map(String)).toEqual(byLooking(timed(text), zone, after, until).map(String))
        },
      ),
      { numRuns: 150, seed: 5 },
    )
  })

  test('are the same backwards', ({ expect }) => {
    for (const text of ['30 2 * * *', '*/15 * * * *', '0 0 29 2 *', 'every 5h', 'every 2d', 'monthly on last at 02:30'])
      for (const zone of ZONES)
        for (const middle of DATES) {
          const last = lastBefore(timed(text), zone, new Date(middle))!
          expect(last.getTime()).toBeLessThan(middle)
          const next = nextAfter(timed(text), zone, last)!
          expect(next.getTime(), `${text} ${zone}`).toBeGreaterThanOrEqual(middle)
          expect(nextAfter(timed(text), zone, new Date(last.getTime() - 1))).toEqual(last)
        }
  })

  test('that do not exist come once, right after the gap', ({ expect }) => {
    const night = ['2026-03-28T12:00Z', '2026-03-29T12:00Z'] as const
    expect(inBerlin('30 2 * * *', ...night)).toEqual(['2026-03-29T01:00:00.000Z'])
    expect(inBerlin('*/15 2 * * *', ...night)).toEqual(['2026-03-29T01:00:00.000Z'])
    expect(inBerlin('0,30 2-3 * * *', ...night)).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-29T01:30:00.000Z'])
  })

  test('that exist twice come the first time', ({ expect }) => {
    const night = ['2026-10-24T12:00Z', '2026-10-25T12:00Z'] as const
    expect(inBerlin('30 2 * * *', ...night)).toEqual(['2026-10-25T00:30:00.000Z'])
    expect(inBerlin('0 2,14 * * *', '2026-10-24T12:30Z', '2026-10-25T12:00Z')).toEqual(['2026-10-25T00:00:00.000Z'])
  })

  test('in every hour keep their distance', ({ expect }) => {
    const hourly = inBerlin('hourly', '2026-10-24T23:30Z', '2026-10-25T02:30Z')
    expect(hourly).toEqual(['2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z', '2026-10-25T02:00:00.000Z'])
    expect(inBerlin('30 * * * *', '2026-03-29T00:00Z', '2026-03-29T02:00Z')).toEqual([
      '2026-03-29T00:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
    ])
  })

  test('of an interval that divides a day begin at local midnight', ({ expect }) => {
    const day = [
      ...occurrencesBetween(
        timed('every 6h'),
        'Asia/Tokyo',
        new Date('2026-11-20T15:00Z'),
        new Date('2026-11-21T15:00Z'),
      ),
    ]
    expect(day.map((time) => time.toISOString())).toEqual([
      '2026-11-20T21:00:00.000Z',
      '2026-11-21T03:00:00.000Z',
      '2026-11-21T09:00:00.000Z',
      '2026-11-21T15:00:00.000Z',
    ])
  })

  test('can be eight years apart, and never come for what is not timed', ({ expect }) => {
    const leap = nextAfter(timed('0 0 29 2 *'), 'UTC', new Date('2096-03-01T00:00Z'))
    expect(leap).toEqual(new Date('2104-02-29T00:00Z'))
    expect(lastBefore(timed('0 0 29 2 *'), 'UTC', leap!)).toEqual(new Date('2096-02-29T00:00Z'))
    expect(nextAfter({ kind: 'manual' }, 'UTC', new Date(0))).toBeUndefined()
    expect(lastBefore({ kind: 'manual' }, 'UTC', new Date())).toBeUndefined()
  })
})

function inBerlin(text: string, after: string, until: string): string[] {
  return [...occurrencesBetween(timed(text), 'Europe/Berlin', new Date(after), new Date(until))].map((time) =>
    time.toISOString(),
  )
}

function timed(text: string): TimedSchedule {
  const parsed = parseSchedule(text)
  if ('problems' in parsed || !isTimed(parsed.value)) throw new Error(`${text} is no schedule of times`)
  return parsed.value
}

/** The second way to say what is right: every minute is looked at, and what was skipped or seen before is remembered. */
function byLooking(schedule: TimedSchedule, zone: string, after: Date, until: Date): Date[] {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const shown = (instant: number): number => Date.parse(`${clock.format(instant).replace(' ', 'T')}Z`)
  const keepsDistance = schedule.kind === 'cron' ? schedule.fields.hours.length === 24 : schedule.everyMs <= 60 * MINUTE
  const byEpoch = schedule.kind === 'interval' && schedule.text === 'every 5h'
  const seen = new Set<number>()
  const found: Date[] = []
  // A day earlier: an hour that comes twice may have begun before.
  for (let instant = after.getTime() - 1440 * MINUTE; instant <= until.getTime(); instant += MINUTE) {
    const wall = shown(instant)
    const skipped: number[] = []
    for (let missing = shown(instant - MINUTE) + MINUTE; missing < wall; missing += MINUTE) skipped.push(missing)
    const names = keepsDistance ? [wall] : [wall, ...skipped].filter((name) => !seen.has(name))
    for (const name of [wall, ...skipped]) seen.add(name)
    const comes = byEpoch ? instant % (300 * MINUTE) === 0 : names.some((name) => fits(schedule, name))
    if (comes && instant > after.getTime()) found.push(new Date(instant))
  }
  return found
}

function fits(schedule: TimedSchedule, wall: number): boolean {
  if (schedule.kind === 'interval') return wall % schedule.everyMs === 0
  const [minutes, hours, days, , weekdays] = schedule.text.split(' ') as [string, string, string, string, string]
  const date = new Date(wall)
  const isLast = new Date(wall + 1440 * MINUTE).getUTCDate() === 1
  const onDay = days === 'L' ? isLast : listed(days, date.getUTCDate())
  const onWeekday = listed(weekdays.replace('mon-fri', '1-5'), date.getUTCDay())
  const fitsDay = days !== '*' && weekdays !== '*' ? onDay || onWeekday : onDay && onWeekday
  return fitsDay && listed(minutes, date.getUTCMinutes()) && listed(hours, date.getUTCHours())
}

function listed(field: string, value: number): boolean {
  return field.split(',').some((item) => {
    const [range = '', step = '1'] = item.split('/')
    const [low, high = low] = range === '*' ? [0, 99] : range.split('-').map(Number)
    return value >= low! && value <= high! && (value - low!) % Number(step) === 0
  })
}
