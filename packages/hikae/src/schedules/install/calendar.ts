import { isEveryDayOfMonth, isEveryWeekday } from '../cron-fields.ts'
import type { TimedSchedule } from '../schedule.ts'
import type { ScheduledJob } from '../scheduled-job.ts'
import { isOfTheEpoch } from '../wall-times.ts'
import { minutesOfDay, schedulesOf, unnamedOccurrences } from './start-times.ts'

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/**
 * Calendar expressions of systemd that hold every moment at which a job may begin, and sometimes others: `backup --due`
 * asks whether it is one. systemd leaves out times that do not exist when clocks change, and an hour that comes for the
 * second time; these have expressions of their own, by UTC.
 *
 * @param from for which changes of clocks there are in the next ten years
 */
export function calendarsOf(job: ScheduledJob, from: Date): string[] {
  const { timeZone } = job
  const lines = schedulesOf(job).flatMap((schedule) => [
    ...named(schedule, isOfTheEpoch(schedule) ? 'UTC' : timeZone),
    ...unnamed(unnamedOccurrences(schedule, timeZone, from)),
  ])
  return [...new Set(lines)]
}

function named(schedule: TimedSchedule, timeZone: string): string[] {
  const times = timesOf(minutesOfDay(schedule))
  return datesOf(schedule).flatMap((date) => times.map((time) => `${date} ${time} ${timeZone}`))
}

function datesOf(schedule: TimedSchedule): string[] {
  if (schedule.kind === 'interval') return ['*-*-*']
  const { fields } = schedule
  const months = fields.months.length === 12 ? '*' : fields.months.map(twoDigits).join(',')
  const byDay = [
    ...(fields.days.length > 0 ? [`*-${months}-${fields.days.map(twoDigits).join(',')}`] : []),
    ...(fields.lastDay ? [`*-${months}~01`] : []),
  ]
  const byWeekday = `${fields.weekdays.map((day) => WEEKDAYS[day]).join(',')} *-${months}-*`
  if (isEveryWeekday(fields)) return isEveryDayOfMonth(fields) ? [`*-${months}-*`] : byDay
  return isEveryDayOfMonth(fields) ? [byWeekday] : [...byDay, byWeekday]
}

/** Hours with the same minutes share an expression. */
function timesOf(minutesOfDay: readonly number[]): string[] {
  const byHour = Map.groupBy(minutesOfDay, (minute) => Math.floor(minute / 60))
  const hoursByMinutes = Map.groupBy(byHour.keys(), (hour) => minutesText(byHour.get(hour)!))
  return [...hoursByMinutes].map(([minutes, hours]) => `${numbersText(hours, 24)}:${minutes}:00`)
}

function minutesText(minutesOfDay: readonly number[]): string {
  return numbersText(
    minutesOfDay.map((minute) => minute % 60),
    60,
  )
}

function numbersText(numbers: readonly number[], all: number): string {
  return numbers.length === all ? '*' : numbers.map(twoDigits).join(',')
}

/** In the months and on the weekdays on which clocks are changed. */
function unnamed(occurrences: readonly Date[]): string[] {
  const byDate = Map.groupBy(
    occurrences,
    (time) => `${WEEKDAYS[time.getUTCDay()]} *-${twoDigits(time.getUTCMonth() + 1)}-*`,
  )
  return [...byDate].flatMap(([date, times]) => {
    const minutes = new Set(times.map((time) => time.getUTCHours() * 60 + time.getUTCMinutes()))
    return timesOf([...minutes].sort((a, b) => a - b)).map((time) => `${date} ${time} UTC`)
  })
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
