import { nearest } from '../nearest.ts'
import type { Parsed } from './parsed.ts'

/** The five fields of a cron line, each as its sorted values. */
export interface CronFields {
  /** 0 to 59. */
  readonly minutes: readonly number[]
  /** 0 to 23. */
  readonly hours: readonly number[]
  /** 1 to 31. */
  readonly days: readonly number[]
  /** Besides `days`, the last one of each month: `L`. */
  readonly lastDay: boolean
  /** 1 to 12. */
  readonly months: readonly number[]
  /** 0 is Sunday. A day fits either by this or by `days` when neither has all values, as in cron. */
  readonly weekdays: readonly number[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

interface Field {
  readonly name: string
  readonly first: number
  readonly last: number
  readonly words: readonly string[]
}

const FIELDS: readonly Field[] = [
  { name: 'minute', first: 0, last: 59, words: [] },
  { name: 'hour', first: 0, last: 23, words: [] },
  { name: 'day of month', first: 1, last: 31, words: [] },
  { name: 'month', first: 1, last: 12, words: MONTHS },
  // 7 is Sunday too.
  { name: 'weekday', first: 0, last: 7, words: WEEKDAYS },
]

/** Days that a month can have, by month. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

/** `30 2 * * mon-fri`: numbers, lists, ranges, steps, names of months and weekdays, and `L` for the last day. */
export function parseCronFields(text: string): Parsed<CronFields> {
  const parts = text.trim().split(/\s+/)
  if (parts.length !== FIELDS.length) {
    const seconds = parts.length === 6 ? '; there is none for seconds' : ''
    return {
      problems: [
        `'${text}' has ${parts.length} fields, and a cron schedule has 5: minute, hour, day of month, month, weekday${seconds}`,
      ],
    }
  }
  const [days, lastDay] = withoutLast(parts[2]!)
  const texts = parts.with(2, days)
  const read = FIELDS.map((field, index) =>
    index === 2 && days === '' ? { value: [] } : readField(texts[index]!, field),
  )
  const problems = read.flatMap((field) => ('problems' in field ? field.problems : []))
  if (problems.length > 0) return { problems }
  const values = read.map((field) => ('value' in field ? field.value : []))
  const weekdays = unique(values[4]!.map((day) => day % 7))
  const fields = {
    minutes: values[0]!,
    hours: values[1]!,
    days: values[2]!,
    lastDay,
    months: values[3]!,
    weekdays,
  }
  return canCome(fields) ? { value: fields } : { problems: [`'${text}' never comes: no such month has such a day`] }
}

export function isEveryDayOfMonth({ days }: CronFields): boolean {
  return days.length === 31
}

export function isEveryWeekday({ weekdays }: CronFields): boolean {
  return weekdays.length === 7
}

/** `L,15` → `15` and that there was an L. */
function withoutLast(text: string): [rest: string, lastDay: boolean] {
  const items = text.split(',')
  const rest = items.filter((item) => item.toUpperCase() !== 'L')
  return [rest.join(','), rest.length < items.length]
}

function canCome(fields: CronFields): boolean {
  if (fields.lastDay || !isEveryWeekday(fields)) return true
  return fields.months.some((month) => fields.days.some((day) => day <= LONGEST[month - 1]!))
}

function readField(text: string, field: Field): Parsed<number[]> {
  const problems: string[] = []
  const values: number[] = []
  for (const item of text.split(',')) {
    const read = readItem(item, field)
    if ('problems' in read) problems.push(...read.problems)
    else values.push(...read.value)
  }
  return problems.length > 0 ? { problems } : { value: unique(values) }
}

/** `5`, `mon`, `1-5`, `*`, `0-30/10`, `5/15` (which goes on to the end). */
function readItem(item: string, field: Field): Parsed<number[]> {
  const { name, first, last } = field
  const [range = '', step, ...more] = item.split('/')
  const every = step === undefined ? 1 : readNumber(step)
  const [low = '', high, ...tooMany] = range === '*' ? [String(first), String(last)] : range.split('-')
  if (more.length > 0 || tooMany.length > 0 || every === undefined || every < 1)
    return { problems: [`'${item}' makes no sense as ${name}: write for instance ${first}-${last}/2`] }
  const from = readValue(low, field)
  const until = readEnd(high, { from, step, field })
  const problems = [from, until].flatMap((end) => ('problems' in end ? end.problems : []))
  if ('problems' in from || 'problems' in until) return { problems }
  if (from.value > until.value)
    return { problems: [`'${range}' as ${name} ends before it begins; write two ranges with a comma`] }
  // Sunday is 7 as the end of a week and 0 otherwise: `*` would name it twice.
  const end = range === '*' && last === 7 ? 6 : until.value
  const count = Math.floor((end - from.value) / every) + 1
  return { value: Array.from({ length: count }, (_, index) => from.value + index * every) }
}

function readEnd(
  high: string | undefined,
  { from, step, field }: { from: Parsed<number>; step: string | undefined; field: Field },
): Parsed<number> {
  if (high !== undefined) return readValue(high, field)
  if (step === undefined || 'problems' in from) return 'problems' in from ? { problems: [] } : from
  return { value: field.last === 7 ? 6 : field.last }
}

function readValue(text: string, { name, first, last, words }: Field): Parsed<number> {
  const word = words.findIndex((word) => word === text.toLowerCase())
  const number = word >= 0 ? word + first : readNumber(text)
  if (number !== undefined && number >= first && number <= last) return { value: number }
  if (number !== undefined) return { problems: [`${text} is no ${name}: they go from ${first} to ${last}`] }
  const meant = nearest(text, words)
  return { problems: [`'${text}' is no ${name}${meant ? `; did you mean ${meant}?` : ''}`] }
}

function readNumber(text: string): number | undefined {
  return /^\d{1,2}$/.test(text) ? Number(text) : undefined
}

function unique(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}
