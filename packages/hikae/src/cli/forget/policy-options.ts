import type { KeepPolicy } from '@hikae/engine'
import { list, type OptionValues, value } from '../option.ts'
import { parseCalendarDuration } from '../../calendar-duration.ts'
import { parseKeepCount } from '../values/keep-count.ts'
import { parseTagFilter } from '../values/tags.ts'

function countOf(short: string, help: string) {
  return value({ short, placeholder: 'N', parse: parseKeepCount, help })
}

function withinOf(help: string) {
  return value({ placeholder: 'TIME', parse: parseCalendarDuration, help })
}

/** What to keep; names and meaning are restic's. */
export const policyOptions = {
  keepLast: countOf('l', 'keep the last N snapshots (for any N: unlimited)'),
  keepHourly: countOf('H', 'keep the last of each of the last N hours that have one'),
  keepDaily: countOf('d', 'keep the last of each of the last N days that have one'),
  keepWeekly: countOf('w', 'keep the last of each of the last N weeks that have one'),
  keepMonthly: countOf('m', 'keep the last of each of the last N months that have one'),
  keepYearly: countOf('y', 'keep the last of each of the last N years that have one'),
  keepWithin: withinOf('keep all that are at most so much older than the newest, as in 2y5m7d3h'),
  keepWithinHourly: withinOf('keep one per hour in that time'),
  keepWithinDaily: withinOf('keep one per day in that time'),
  keepWithinWeekly: withinOf('keep one per week in that time'),
  keepWithinMonthly: withinOf('keep one per month in that time'),
  keepWithinYearly: withinOf('keep one per year in that time'),
  keepTag: list({
    placeholder: 'TAG[,TAG…]',
    parse: parseTagFilter,
    help: 'keep those with all these tags (repeatable: any of the sets)',
  }),
}

type PolicyValues = OptionValues<typeof policyOptions>

export function policyOf(options: PolicyValues): KeepPolicy {
  const counts = {
    hourly: options.keepHourly,
    daily: options.keepDaily,
    weekly: options.keepWeekly,
    monthly: options.keepMonthly,
    yearly: options.keepYearly,
  }
  const withinPeriods = {
    hourly: options.keepWithinHourly,
    daily: options.keepWithinDaily,
    weekly: options.keepWithinWeekly,
    monthly: options.keepWithinMonthly,
    yearly: options.keepWithinYearly,
  }
  return {
    ...given({ last: options.keepLast, within: options.keepWithin }),
    counts: given(counts),
    withinPeriods: given(withinPeriods),
    tags: options.keepTag,
  }
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Without what was not given. */
function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, each]) => each !== undefined)) as Given<T>
}
