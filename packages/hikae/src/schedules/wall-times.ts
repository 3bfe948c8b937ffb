import { Cron } from 'croner'
import { type CronFields, isEveryDayOfMonth, isEveryWeekday } from './cron-fields.ts'
import type { TimedSchedule } from './schedule.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const crons = new WeakMap<CronFields, Cron>()

/**
 * The next time of a schedule after another, both as a clock on the wall shows them (see `wallTimeAt`): no time zone has
 * to be known for it. Undefined when none comes.
 */
export function nextWallTime(schedule: TimedSchedule, after: number): number | undefined {
  switch (schedule.kind) {
    case 'cron':
      return cronOf(schedule.fields).nextRun(new Date(after))?.getTime()
    case 'interval':
      return (Math.floor(after / schedule.everyMs) + 1) * schedule.everyMs
  }
}

/** Whether its times are counted from the epoch, whatever clocks on walls show: `every 5h`. */
export function isOfTheEpoch(schedule: TimedSchedule): boolean {
  return schedule.kind === 'interval' && DAY % schedule.everyMs !== 0 && schedule.everyMs % DAY !== 0
}

/** Whether it comes in every hour of a day: then the distance matters, not the hour by name. */
export function isInEveryHour(schedule: TimedSchedule): boolean {
  switch (schedule.kind) {
    case 'cron':
      return schedule.fields.hours.length === 24
    case 'interval':
      return HOUR % schedule.everyMs === 0
  }
}

/** croner is only asked about UTC: what happens when clocks change is decided in `occurrences.ts`. */
function cronOf(fields: CronFields): Cron {
  const known = crons.get(fields)
  if (known) return known
  const days = isEveryDayOfMonth(fields) ? '*' : [...fields.days, ...(fields.lastDay ? ['L'] : [])].join(',')
  const weekdays = isEveryWeekday(fields) ? '*' : fields.weekdays.join(',')
  const pattern = `${fields.minutes.join(',')} ${fields.hours.join(',')} ${days} ${fields.months.join(',')} ${weekdays}`
  const cron = new Cron(pattern, { timezone: 'UTC', mode: '5-part' })
  crons.set(fields, cron)
  return cron
}
