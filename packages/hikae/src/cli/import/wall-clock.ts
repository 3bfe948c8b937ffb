import { offsetAt } from '../../schedules/time-zone.ts'

/** What a clock on the wall shows; months count from 1. */
export interface WallClock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** From the groups of a pattern, by these names; what it does not have is 0. */
export function wallClockOf(groups: Readonly<Record<string, string | undefined>>): WallClock {
  const field = (name: keyof WallClock): number => Number(groups[name] ?? 0)
  return {
    year: field('year'),
    month: field('month'),
    day: field('day'),
    hour: field('hour'),
    minute: field('minute'),
    second: field('second'),
  }
}

const NS_PER_MS = 1_000_000n

/**
 * The instant at which clocks in a zone show this. Of two, when clocks are put back, the earlier one; a time that is
 * skipped counts by the clock before the change.
 *
 * @param zone IANA name
 * @returns nanoseconds since the epoch; undefined for a day or hour that no calendar has
 */
export function instantOf(clock: WallClock, zone: string): bigint | undefined {
  const { year, month, day, hour, minute, second } = clock
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second)
  const normal = new Date(asUtc)
  const exists =
    year >= 1970 &&
    normal.getUTCMonth() === month - 1 &&
    normal.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  if (!exists) return undefined
  const offsets = [asUtc - DAY_MS, asUtc + DAY_MS].map((moment) => offsetAt(zone, moment))
  const instants = offsets.map((offset) => asUtc - offset).sort((a, b) => a - b)
  const shown = instants.find((instant) => instant + offsetAt(zone, instant) === asUtc)
  return BigInt(shown ?? asUtc - offsets[0]!) * NS_PER_MS
}

const DAY_MS = 86_400_000
