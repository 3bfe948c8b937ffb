import { InvalidInputError } from '../../errors.ts'
import { zoneOffset } from '../../json/local-zone.ts'
import { groupSnapshots, matchesFilter } from '../../snapshot/select.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import { cadenceOf, hasEnded } from './cadence.ts'
import { type CalendarDuration, isZeroDuration } from './calendar-duration.ts'
import type { Candidate, Clock } from './decide.ts'
import { expectedSnapshots } from './expected-snapshots.ts'
import { addDuration, momentAt, momentOf } from './moment.ts'
import { divide, type ForgetPlanOptions, type GroupKey, planForget } from './plan.ts'
import type { KeepPolicy } from './policy.ts'

const NS_PER_DAY = 86_400_000_000_000n
const LONGEST_SPAN_DAYS = 36_525

/** After how many days it is worth a look. */
const DAYS_SHOWN = [1, 7, 30, 90, 180, 365, 730, 1825, 3650, 7300, 18_250]

export interface SimulationOptions extends Omit<ForgetPlanOptions, 'emptyPolicy'> {
  /** How far to look ahead; at most a hundred years. */
  readonly span: CalendarDuration
  /** Time between two backups of every group; by default as each group has them now. */
  readonly every?: CalendarDuration
}

/** A group at one moment, after the policy was applied. */
export interface ForecastPoint {
  /** Days from now, rounded up. */
  readonly day: number
  /** Nanoseconds since the epoch. */
  readonly time: bigint
  /** All that would be there. */
  readonly total: number
  /** How many of those are there today. */
  readonly present: number
  /** Time of the oldest of all, as stored. */
  readonly oldest: string
}

/** A snapshot that is there today. */
export interface SnapshotFate {
  readonly snapshot: StoredSnapshot
  /** When it would be removed, in nanoseconds since the epoch; undefined for one that outlasts the time looked ahead. */
  readonly removedAt: bigint | undefined
}

export interface GroupForecast extends GroupKey {
  /** How often backups are taken to be made; undefined for a group that gets no more of them. */
  readonly every: CalendarDuration | undefined
  /** Now first, the end of the time looked ahead last. */
  readonly points: readonly ForecastPoint[]
  /** Newest first. */
  readonly present: readonly SnapshotFate[]
}

/**
 * What would remain as time goes on, if backups go on as they do and the policy is applied after each of them. Pure; the
 * work grows with the number of backups to come times that of snapshots kept.
 *
 * @throws as {@link planForget}; {InvalidInputError} no time or too much of it, or too many backups to come
 */
export function simulateForget(
  snapshots: readonly StoredSnapshot[],
  policy: KeepPolicy,
  options: SimulationOptions,
): GroupForecast[] {
  const { span, every, ...planning } = options
  const { now, filter = {}, groupBy, zone = zoneOffset } = planning
  planForget(snapshots, policy, planning)
  if (every && isZeroDuration(every)) throw new InvalidInputError('some time has to pass between two backups')
  const end = endOf(span, now)
  const matching = snapshots.filter((snapshot) => matchesFilter(snapshot, filter))
  return groupSnapshots(matching, groupBy).map(({ snapshots: members, ...key }) => {
    const present = members.map((snapshot): Candidate => ({ snapshot, moment: momentOf(snapshot.time) }))
    const rhythm = every ?? (hasEnded(present, now) ? undefined : cadenceOf(present, now))
    const expected = rhythm ? expectedSnapshots(present, { every: rhythm, now, end, zone }) : []
    const group = new SimulatedGroup(present, policy, { now, zone })
    const points = pointsUntil(now, end).map(({ day, time }) => {
      while (expected[0] && expected[0].moment.ns <= time) group.add(expected.shift()!)
      return { day, time, ...group.state() }
    })
    return { ...key, every: rhythm, points, present: group.fates() }
  })
}

function endOf(span: CalendarDuration, now: bigint): bigint {
  const start = momentAt(now, 'Z')
  const end = addDuration(start, span, () => 0)
  if (end > now && end - now <= BigInt(LONGEST_SPAN_DAYS) * NS_PER_DAY) return end
  throw new InvalidInputError('a simulation looks ahead for an hour at least, and for a hundred years at most', {
    hint: 'give a time such as 90d, 6m or 1y',
  })
}

function pointsUntil(now: bigint, end: bigint): { day: number; time: bigint }[] {
  const last = Number((end - now + NS_PER_DAY - 1n) / NS_PER_DAY)
  const between = [0, ...DAYS_SHOWN].filter((day) => day < last)
  return [...between.map((day) => ({ day, time: now + BigInt(day) * NS_PER_DAY })), { day: last, time: end }]
}

/** One group whose clock is turned on. */
class SimulatedGroup {
  readonly #policy: KeepPolicy
  readonly #zone: Clock['zone']
  readonly #present: readonly Candidate[]
  readonly #removedAt = new Map<StoredSnapshot, bigint>()
  /** Newest first. */
  #held: readonly Candidate[]

  constructor(present: readonly Candidate[], policy: KeepPolicy, { now, zone }: Clock) {
    this.#policy = policy
    this.#zone = zone
    this.#present = present
    this.#held = present
    this.#forget(now)
  }

  /** A backup is made, and right after it the policy is applied. */
  add(candidate: Candidate): void {
    const place = this.#held.findIndex(({ moment }) => moment.ns <= candidate.moment.ns)
    this.#held = this.#held.toSpliced(place === -1 ? this.#held.length : place, 0, candidate)
    this.#forget(candidate.moment.ns + 1n)
  }

  state(): Pick<ForecastPoint, 'total' | 'present' | 'oldest'> {
    return {
      total: this.#held.length,
      present: this.#present.length - this.#removedAt.size,
      oldest: this.#held.at(-1)!.moment.text,
    }
  }

  fates(): SnapshotFate[] {
    return this.#present.map(({ snapshot }) => ({ snapshot, removedAt: this.#removedAt.get(snapshot) }))
  }

  #forget(now: bigint): void {
    const { remove } = divide(this.#held, this.#policy, { now, zone: this.#zone })
    if (remove.length === 0) return
    const gone = new Set(remove)
    this.#held = this.#held.filter(({ snapshot }) => !gone.has(snapshot))
    for (const { snapshot } of this.#present) if (gone.has(snapshot)) this.#removedAt.set(snapshot, now)
  }
}
