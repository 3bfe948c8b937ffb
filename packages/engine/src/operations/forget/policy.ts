import { InvalidInputError } from '../../errors.ts'
import { type CalendarDuration, formatCalendarDuration, isZeroDuration } from './calendar-duration.ts'

/** What snapshots are counted in, finest first. */
export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
export type Period = (typeof PERIODS)[number]

/** How many; 0 is the same as leaving the rule out. */
export type KeepCount = number | 'unlimited'

/**
 * Which snapshots of a group stay (§18); a snapshot stays when one rule wants it. A duration counts back from the group's
 * newest snapshot that is not dated in the future, not from now: where backups have stopped, nothing becomes too old.
 */
export interface KeepPolicy {
  /** The newest so many. */
  readonly last?: KeepCount
  /** The newest of each hour, day, … that has one, for the last so many of them. */
  readonly counts?: Readonly<Partial<Record<Period, KeepCount>>>
  /** All that are not older. */
  readonly within?: CalendarDuration
  /** The newest of each hour, day, … of those that are not older. */
  readonly withinPeriods?: Readonly<Partial<Record<Period, CalendarDuration>>>
  /** All that carry all tags of one of the lists; the list of one empty tag means snapshots without tags. */
  readonly tags?: readonly (readonly string[])[]
}

/** Whether no rule keeps anything. */
export function isEmptyPolicy(policy: KeepPolicy): boolean {
  const counts = [policy.last, ...Object.values(policy.counts ?? {})]
  const durations = [policy.within, ...Object.values(policy.withinPeriods ?? {})]
  return (
    counts.every((count) => count === undefined || count === 0) &&
    durations.every((duration) => duration === undefined || isZeroDuration(duration)) &&
    (policy.tags ?? []).length === 0
  )
}

/** @throws {InvalidInputError} a number that is negative or no whole number, or an empty list of tags */
export function checkPolicy(policy: KeepPolicy): void {
  for (const count of [policy.last, ...Object.values(policy.counts ?? {})]) {
    if (count !== undefined && count !== 'unlimited') checkNumber(count, "use 'unlimited' to keep all of them")
  }
  for (const duration of [policy.within, ...Object.values(policy.withinPeriods ?? {})]) {
    for (const part of Object.values(duration ?? {})) checkNumber(part, 'a duration is counted in whole units')
  }
  if (policy.tags?.some((list) => list.length === 0)) {
    throw new InvalidInputError('a list of tags to keep is empty, which would keep everything', {
      hint: 'name a tag, or use the empty tag for snapshots without tags',
    })
  }
}

/** More than any calendar has; keeps arithmetic on dates exact. */
const LARGEST_NUMBER = 1_000_000

function checkNumber(number: number, hint: string): void {
  if (Number.isInteger(number) && number >= 0 && number <= LARGEST_NUMBER) return
  throw new InvalidInputError(`${number} in the policy is not a whole number from 0 to ${LARGEST_NUMBER}`, { hint })
}

/** `the last 3, 7 daily, all yearly, all within 2d, weekly within 1y, tags [a, b]` */
export function describePolicy(policy: KeepPolicy): string {
  const { last = 0, counts = {}, within, withinPeriods = {}, tags = [] } = policy
  const parts: string[] = []
  if (last !== 0) parts.push(last === 'unlimited' ? 'all' : `the last ${last}`)
  for (const period of PERIODS) {
    const count = counts[period] ?? 0
    if (count !== 0) parts.push(`${count === 'unlimited' ? 'all' : count} ${period}`)
  }
  if (within && !isZeroDuration(within)) parts.push(`all within ${formatCalendarDuration(within)}`)
  for (const period of PERIODS) {
    const duration = withinPeriods[period]
    if (duration && !isZeroDuration(duration)) parts.push(`${period} within ${formatCalendarDuration(duration)}`)
  }
  for (const list of tags) parts.push(`tags ${formatTagList(list)}`)
  return parts.join(', ')
}

/** `[a, b]`, as restic writes it. */
export function formatTagList(tags: readonly string[]): string {
  return `[${tags.join(', ')}]`
}
