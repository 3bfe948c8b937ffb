import { nearest } from '../nearest.ts'
import { parseCronFields } from './cron-fields.ts'
import type { Parsed } from './parsed.ts'
import { NICKNAMES, parsePreset, PRESETS } from './presets.ts'
import type { ManualSchedule, TimedSchedule } from './schedule.ts'

const MINUTE = 60_000
const UNITS: Readonly<Record<string, number>> = {
  m: MINUTE,
  min: MINUTE,
  minute: MINUTE,
  minutes: MINUTE,
  h: 60 * MINUTE,
  hour: 60 * MINUTE,
  hours: 60 * MINUTE,
  d: 1440 * MINUTE,
  day: 1440 * MINUTE,
  days: 1440 * MINUTE,
}
const LONGEST_DAYS = 366

/** What may stand after `schedule:` in the stack file, or all that is wrong with it. */
export function parseSchedule(text: string): Parsed<TimedSchedule | ManualSchedule> {
  const written = text.trim().replace(/\s+/g, ' ')
  const lower = written.toLowerCase()
  const words = lower.split(' ')
  const [first = ''] = words
  if (lower === 'manual') return { value: { kind: 'manual' } }
  if (first === 'every') return parseInterval(written, lower.slice('every'.length).trim())
  if (first.startsWith('@')) return parseNickname(written)
  if (Object.hasOwn(PRESETS, first)) {
    const cron = parsePreset(words)
    return 'problems' in cron ? cron : fromCron(cron.value, written)
  }
  if (/^[\d*]/.test(first)) return fromCron(written, written)
  return { problems: [unknownWord(first)] }
}

function fromCron(cron: string, text: string): Parsed<TimedSchedule> {
  const fields = parseCronFields(cron)
  return 'problems' in fields ? fields : { value: { kind: 'cron', text, fields: fields.value } }
}

function parseNickname(text: string): Parsed<TimedSchedule> {
  const lower = text.toLowerCase()
  if (Object.hasOwn(NICKNAMES, lower)) return fromCron(NICKNAMES[lower]!, text)
  if (lower === '@reboot') {
    return {
      problems: ['@reboot is no schedule: what was missed while the machine was off runs after its start anyway'],
    }
  }
  const meant = nearest(lower, Object.keys(NICKNAMES))
  return { problems: [`there is no schedule '${text}'${meant ? `; did you mean ${meant}?` : ''}`] }
}

/** `6h`, `90 minutes`, `1h30m`, `hour`. */
function parseInterval(text: string, length: string): Parsed<TimedSchedule> {
  const parts = [...length.matchAll(/(\d*)\s*([a-z]+)\s*/g)]
  if (length === '' || parts.map(([part]) => part).join('') !== length)
    return { problems: [`'${text}' says not how often: write a number and m, h or d, as in every 6h`] }
  const problems = parts.flatMap(([, , unit = '']) => unitProblem(unit))
  if (problems.length > 0) return { problems }
  const everyMs = parts.reduce((sum, [, count, unit = '']) => sum + Number(count || 1) * UNITS[unit]!, 0)
  if (everyMs < MINUTE || everyMs > LONGEST_DAYS * UNITS['d']!)
    return { problems: [`'${text}' is not between every 1m and every ${LONGEST_DAYS}d`] }
  return { value: { kind: 'interval', text, everyMs } }
}

function unitProblem(unit: string): string[] {
  if (Object.hasOwn(UNITS, unit)) return []
  if (/^(s|secs?|seconds?)$/.test(unit)) return ['a schedule counts in minutes; the shortest is every 1m']
  if (/^(w|weeks?)$/.test(unit)) return ['weeks have a day: write weekly on sunday']
  if (/^(mo|months?)$/.test(unit)) return ['months have a day: write monthly on 1']
  const meant = nearest(unit, Object.keys(UNITS))
  return [`there is no unit '${unit}'${meant ? `; did you mean ${meant}?` : ': write m, h or d'}`]
}

function unknownWord(word: string): string {
  if (word === '') return 'a schedule is missing: write for instance daily, every 6h, or 30 2 * * *'
  if (word === 'change') return "changes are no schedule: write 'on: change' instead of 'schedule: change'"
  const meant = nearest(word, [...Object.keys(PRESETS), 'every', 'manual'])
  return `there is no schedule '${word}'; ${meant ? `did you mean ${meant}?` : 'write for instance daily, every 6h, or 30 2 * * *'}`
}
