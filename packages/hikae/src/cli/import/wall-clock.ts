/** What a clock on the wall shows; months count from 1. */
export interface WallClock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
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
  const offsets = [asUtc - DAY_MS, asUtc + DAY_MS].map((moment) => offsetMs(moment, zone))
  const instants = offsets.map((offset) => asUtc - offset).sort((a, b) => a - b)
  const shown = instants.find((instant) => instant + offsetMs(instant, zone) === asUtc)
  return BigInt(shown ?? asUtc - offsets[0]!) * NS_PER_MS
}

const DAY_MS = 86_400_000

/** By how much the zone is ahead of UTC. */
function offsetMs(instant: number, zone: string): number {
  const parts = formatFor(zone).formatToParts(instant)
  const field = (type: string): number => Number(parts.find((part) => part.type === type)!.value)
  const shown = Date.UTC(
    field('year'),
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  )
  return shown - Math.floor(instant / 1000) * 1000
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}
