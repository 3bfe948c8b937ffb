import * as fc from 'fast-check'
import type { SnapshotId, TreeId } from '../../ids.ts'
import type { StoredSnapshot } from '../../snapshot/snapshot.ts'
import type { CalendarDuration } from './calendar-duration.ts'
import { type KeepPolicy, PERIODS, type Period } from './policy.ts'

const CALENDARS: Readonly<Record<Period, (wall: Date) => string>> = {
  hourly: (wall) => wall.toISOString().split(':')[0]!,
  daily: (wall) => wall.toISOString().split('T')[0]!,
  weekly: (wall) => {
    const thursday = new Date(wall)
    thursday.setUTCDate(wall.getUTCDate() + 4 - (wall.getUTCDay() || 7))
    const days =
      (Date.UTC(thursday.getUTCFullYear(), thursday.getUTCMonth(), thursday.getUTCDate()) -
        Date.UTC(thursday.getUTCFullYear(), 0, 1)) /
      86_400_000
    return `week ${Math.ceil((days + 1) / 7)} of ${thursday.getUTCFullYear()}`
  },
  monthly: (wall) => `${wall.getUTCMonth()} ${wall.getUTCFullYear()}`,
  yearly: (wall) => String(wall.getUTCFullYear()),
}

/**
 * What a policy says, written once more, in another way: over whole lists instead of snapshot by snapshot. Zones stay as
 * they were stored.
 *
 * @param history newest first
 * @returns for each snapshot, why it stays
 */
export function simplePolicy(history: readonly StoredSnapshot[], policy: KeepPolicy, nowMs: number): string[][] {
  const reasons: string[][] = history.map(() => [])
  const keep = (positions: readonly number[], reason: string) => positions.forEach((at) => reasons[at]!.push(reason))
  const positions = [...history.keys()]
  const oldest = history.length - 1

  for (const list of policy.tags ?? []) {
    keep(
      positions.filter((at) =>
        list.every((tag) => (tag === '' ? !history[at]!.tags : history[at]!.tags?.includes(tag))),
      ),
      `has tags [${list.join(', ')}]`,
    )
  }
  const newerThan = (duration: CalendarDuration) => {
    const start = history.find(({ time }) => Date.parse(time) < nowMs)
    if (!start) return positions
    const limit = before(start.time, duration)
    return positions.filter((at) => Date.parse(history[at]!.time) > limit)
  }
  if (policy.within && durationText(policy.within) !== '')
    keep(newerThan(policy.within), `within ${durationText(policy.within)}`)

  const isCount = (count: unknown) => count !== undefined && count !== 0
  const limitOf = (count: unknown) => (count === 'unlimited' ? Infinity : (count as number))
  if (isCount(policy.last)) keep(positions.slice(0, limitOf(policy.last)), 'last snapshot')

  const firstOfRuns = (among: readonly number[], period: Period) => {
    const names = history.map(({ time }) => CALENDARS[period](wallClock(time)))
    return among.filter((at) => at === 0 || names[at] !== names[at - 1])
  }
  for (const period of PERIODS) {
    const count = policy.counts?.[period]
    if (!isCount(count)) continue
    const firsts = firstOfRuns(positions, period)
    keep(firsts.slice(0, limitOf(count)), `${period} snapshot`)
    if (firsts.length < limitOf(count) && !firsts.includes(oldest)) keep([oldest], `oldest ${period} snapshot`)
  }
  for (const period of PERIODS) {
    const duration = policy.withinPeriods?.[period]
    if (!duration || durationText(duration) === '') continue
    const young = newerThan(duration)
    const firsts = firstOfRuns(young, period)
    keep(firsts, `${period} within ${durationText(duration)}`)
    if (young.includes(oldest) && !firsts.includes(oldest))
      keep([oldest], `oldest ${period} within ${durationText(duration)}`)
  }
  return reasons
}

/** As restic writes and reads it, without what is zero. */
export function durationText({ years, months, days, hours }: CalendarDuration): string {
  return `${years}y${months}m${days}d${hours}h`.replace(/(?<!\d)0[ymdh]/g, '')
}

/** A date whose UTC fields are what the clock on the wall showed. */
function wallClock(time: string): Date {
  return new Date(time.replace(/Z$|[+-]\d\d:\d\d$/, 'Z'))
}

function before(time: string, { years, months, days, hours }: CalendarDuration): number {
  const wall = wallClock(time)
  const aheadMs = wall.getTime() - Date.parse(time)
  wall.setUTCFullYear(wall.getUTCFullYear() - years, wall.getUTCMonth() - months, wall.getUTCDate() - days)
  return wall.getTime() - aheadMs - hours * 3_600_000
}

const HOUR_MS = 3_600_000
const ZONES = ['Z', '+00:00', '+01:00', '+02:00', '-05:00', '+05:45', '+14:00', '-11:00'] as const

/** Stored time of an instant, in milliseconds, by a clock of that zone. */
export function storedTime(ms: number, zone: string): string {
  const sign = zone.startsWith('-') ? -1 : 1
  const aheadMs = zone === 'Z' ? 0 : sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))) * 60_000
  return new Date(ms + aheadMs).toISOString().replace(/(\.000)?Z$/, '') + zone
}

/**
 * Snapshots of one host: near each other and far apart, several in one second, around the turns of hours, days, weeks,
 * months, years and of daylight saving, in many zones, and after `nowMs`.
 */
export function histories(nowMs: number, hostname = 'host'): fc.Arbitrary<StoredSnapshot[]> {
  const hour = Math.floor(nowMs / HOUR_MS)
  const scale = fc.constantFrom(1, 24, 24 * 7, 24 * 30, 24 * 365)
  const hours = fc.tuple(fc.integer({ min: -1, max: 20 }), scale).map(([count, unit]) => hour - count * unit)
  const transition = fc.constantFrom('2026-03-29T00:00:00Z', '2026-10-25T00:00:00Z', '2025-12-31T22:00:00Z')
  const nearTransition = fc
    .tuple(transition, fc.integer({ min: -3, max: 4 }))
    .map(([at, by]) => Date.parse(at) / HOUR_MS + by)
  const offset = fc.constantFrom(0, 0, 1, 999, 1000, HOUR_MS - 1, 30 * 60_000)
  const instant = fc
    .tuple(fc.oneof({ weight: 4, arbitrary: hours }, nearTransition), offset)
    .map(([at, ms]) => at * HOUR_MS + ms)
  const tags = fc.constantFrom<readonly string[] | undefined>(undefined, undefined, ['a'], ['b', 'a'], ['c'])
  const one = fc.record({ ms: instant, zone: fc.constantFrom(...ZONES), tags, twins: fc.constantFrom(1, 1, 1, 2, 3) })
  return fc.uniqueArray(one, { selector: ({ ms }) => ms, minLength: 1, maxLength: 25 }).map((some) =>
    some
      .flatMap(({ ms, zone, tags: tagged, twins }) =>
        Array.from({ length: twins }, (_, twin): StoredSnapshot => ({
          id: `${ms.toString(16)}${twin}`.padStart(64, '0') as SnapshotId,
          time: storedTime(ms, zone),
          tree: '1'.repeat(64) as TreeId,
          paths: ['/srv'],
          hostname,
          ...(tagged ? { tags: tagged } : {}),
        })),
      )
      .sort((a, b) => Date.parse(b.time) - Date.parse(a.time) || (a.id < b.id ? -1 : 1)),
  )
}

const durations: fc.Arbitrary<CalendarDuration> = fc.record({
  years: fc.constantFrom(0, 0, 0, 1, 7),
  months: fc.constantFrom(0, 0, 1, 5, 13),
  days: fc.constantFrom(0, 0, 1, 7, 31),
  hours: fc.constantFrom(0, 0, 1, 24, 100),
})

/** Any policy that is not empty. */
export const policies: fc.Arbitrary<KeepPolicy> = fc
  .record(
    {
      last: fc.constantFrom(1, 2, 5, 'unlimited' as const),
      counts: forSomePeriods(fc.constantFrom(0, 1, 2, 3, 8, 'unlimited' as const)),
      within: durations,
      withinPeriods: forSomePeriods(durations),
      tags: fc.array(fc.constantFrom(['a'], ['a', 'b'], ['c'], ['']), { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: [] },
  )
  .filter(
    (policy) =>
      JSON.stringify(policy)
        .replace(/:0|:\{\}|:\[\]/g, '')
        .match(/[1-9]|unlimited|tags/) !== null,
  )

function forSomePeriods<T>(of: fc.Arbitrary<T>): fc.Arbitrary<Partial<Record<Period, T>>> {
  return fc.dictionary(fc.constantFrom(...PERIODS), of, { maxKeys: 3 })
}
