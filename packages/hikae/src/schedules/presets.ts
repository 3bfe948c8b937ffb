import { nearest } from '../nearest.ts'
import { WEEKDAYS } from './cron-fields.ts'
import type { Parsed } from './parsed.ts'
import { parseTimeOfDay } from './time-of-day.ts'

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
/** Days that every month has. */
const LAST_COMMON_DAY = 28

interface Preset {
  /** A cron line without its time, or with it for what comes more than once a day. */
  readonly cron: string
  /** Where it comes once a day. */
  readonly time?: string
  /** What may stand after `on`: its place in the cron line. */
  readonly on?: 'weekday' | 'day'
}

/** The words that people know from the folders of their backup scripts. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  hourly: { cron: '0 * * * *' },
  'six-hourly': { cron: '0 */6 * * *' },
  daily: { cron: '* * *', time: '02:00' },
  weekly: { cron: '* * 0', time: '03:00', on: 'weekday' },
  monthly: { cron: '1 * *', time: '02:00', on: 'day' },
}

/** As in crontab, where they mean midnight. */
export const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
}

/**
 * `weekly on sunday at 04:30`, in any order after the first word.
 *
 * @param words in lower case; the first is one of {@link PRESETS}
 * @returns a cron line
 */
export function parsePreset([name = '', ...rest]: readonly string[]): Parsed<string> {
  const preset = PRESETS[name]!
  let { time } = preset
  let date = preset.cron
  const problems: string[] = []
  for (let index = 0; index < rest.length; index += 2) {
    const [word, value = ''] = [rest[index]!, rest[index + 1]]
    if (word === 'at' && time !== undefined) {
      time = value
    } else if (word === 'on' && preset.on !== undefined) {
      const read = preset.on === 'weekday' ? readWeekday(value) : readDay(value)
      if ('problems' in read) problems.push(...read.problems)
      else date = preset.on === 'weekday' ? `* * ${read.value}` : `${read.value} * *`
    } else {
      problems.push(unexpected(name, word, preset))
    }
  }
  const minutes = time === undefined ? 0 : parseTimeOfDay(time)
  if (minutes === undefined)
    problems.push(`'${time}' is no time of day: write hours and minutes from 00:00 to 23:59, as in ${name} at 04:30`)
  if (problems.length > 0 || minutes === undefined) return { problems }
  return { value: time === undefined ? date : `${minutes % 60} ${Math.floor(minutes / 60)} ${date}` }
}

function readWeekday(text: string): Parsed<string> {
  const long = DAYS.findIndex((day) => day === text)
  const day = long >= 0 ? long : WEEKDAYS.findIndex((day) => day === text)
  if (day >= 0) return { value: String(day) }
  const meant = nearest(text, DAYS)
  return { problems: [`'${text}' is no day of the week${meant ? `; did you mean ${meant}?` : ''}`] }
}

function readDay(text: string): Parsed<string> {
  if (text === 'last') return { value: 'L' }
  const day = /^\d{1,2}$/.test(text) ? Number(text) : 0
  if (day >= 1 && day <= LAST_COMMON_DAY) return { value: String(day) }
  return {
    problems: [`'${text}' is not a day that every month has: write 1 to ${LAST_COMMON_DAY}, or last`],
  }
}

function unexpected(name: string, word: string, { time, on }: Preset): string {
  const allowed = [...(on === undefined ? [] : ['on']), ...(time === undefined ? [] : ['at'])]
  if (allowed.length === 0) return `nothing comes after ${name}, and here is '${word}'; write a cron schedule instead`
  const meant = nearest(word, allowed)
  return `after ${name} comes ${allowed.join(' or ')}, not '${word}'${meant ? `; did you mean ${meant}?` : ''}`
}
