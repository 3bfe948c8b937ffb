import { matchesFilter } from '../../snapshot/select.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { type CalendarDuration, formatCalendarDuration, isZeroDuration, scaleDuration } from './calendar-duration.ts'
import { addDuration, type Moment, type ZoneRule } from './moment.ts'
import { formatTagList, type KeepCount, type KeepPolicy, PERIODS } from './policy.ts'

export interface Candidate {
  readonly snapshot: StoredSnapshot
  readonly moment: Moment
}

/** The time at which a policy is applied, and the zone by whose calendar it counts back. */
export interface Clock {
  /** Nanoseconds since the epoch. */
  readonly now: bigint
  readonly zone: ZoneRule
}

/** Why the snapshot stays, in restic's words, or undefined. Rules see the group's snapshots in turn, newest first. */
type Rule = (candidate: Candidate, isOldest: boolean) => string | undefined

/**
 * What a policy says to each snapshot of a group (§18).
 *
 * @param candidates newest first
 * @returns for each of them, why it stays; empty where no rule wants it
 */
export function decide(candidates: readonly Candidate[], policy: KeepPolicy, clock: Clock): string[][] {
  const rules = rulesOf(policy, candidates, clock)
  return candidates.map((candidate, position) => {
    const isOldest = position === candidates.length - 1
    const reasons: string[] = []
    for (const rule of rules) {
      const reason = rule(candidate, isOldest)
      if (reason !== undefined) reasons.push(reason)
    }
    return reasons
  })
}

function rulesOf(policy: KeepPolicy, candidates: readonly Candidate[], clock: Clock): Rule[] {
  const { last = 0, counts = {}, within, withinPeriods = {}, tags = [] } = policy
  const rules: Rule[] = tags.map(taggedRule)
  if (within && !isZeroDuration(within)) {
    const isWithin = withinOf(within, candidates, clock)
    const reason = `within ${formatCalendarDuration(within)}`
    rules.push((candidate) => (isWithin(candidate) ? reason : undefined))
  }
  if (last !== 0) rules.push(lastRule(last))
  for (const period of PERIODS) {
    const count = counts[period] ?? 0
    if (count !== 0) rules.push(newestOfEach(period, `${period} snapshot`, countdown(count)))
  }
  for (const period of PERIODS) {
    const duration = withinPeriods[period]
    if (!duration || isZeroDuration(duration)) continue
    const reason = `${period} within ${formatCalendarDuration(duration)}`
    const isWithin = withinOf(duration, candidates, clock)
    rules.push(newestOfEach(period, reason, { admits: isWithin, take: () => undefined }))
  }
  return rules
}

function taggedRule(list: readonly string[]): Rule {
  return ({ snapshot }) => (matchesFilter(snapshot, { tags: [list] }) ? `has tags ${formatTagList(list)}` : undefined)
}

interface Limit {
  admits(candidate: Candidate): boolean
  take(): void
}

function countdown(count: KeepCount): Limit {
  let left = count === 'unlimited' ? Number.POSITIVE_INFINITY : count
  return { admits: () => left > 0, take: () => left-- }
}

function lastRule(count: KeepCount): Rule {
  const limit = countdown(count)
  return (candidate) => {
    if (!limit.admits(candidate)) return undefined
    limit.take()
    return 'last snapshot'
  }
}

/**
 * Keeps a snapshot when its hour, day, … is another one than that of the snapshot kept before; and, while the limit is not
 * reached, the oldest of all, so that the history is as long as it can be.
 */
function newestOfEach(period: (typeof PERIODS)[number], reason: string, limit: Limit): Rule {
  let previous: string | undefined
  return (candidate, isOldest) => {
    if (!limit.admits(candidate)) return undefined
    const key = candidate.moment.keys[period]
    const isSame = key === previous
    if (isSame && !isOldest) return undefined
    previous = key
    limit.take()
    return isSame ? `oldest ${reason}` : reason
  }
}

/** Counted from the newest snapshot before now; when all are in the future, nothing is too old. */
function withinOf(
  duration: CalendarDuration,
  candidates: readonly Candidate[],
  { now, zone }: Clock,
): (candidate: Candidate) => boolean {
  const newest = candidates.find(({ moment }) => moment.ns < now)
  if (!newest) return () => true
  const limit = addDuration(newest.moment, scaleDuration(duration, -1), zone)
  return ({ moment }) => moment.ns > limit
}
