const STEP_MS = 6 * 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * What a clock on the wall shows, as milliseconds that would be that time in UTC: what is a day, an hour or a weekday
 * there is then simple arithmetic.
 *
 * @throws {RangeError} there is no such time zone
 */
export function wallTimeAt(timeZone: string, instant: number): number {
  const parts = formatOf(timeZone).formatToParts(instant)
  const [month, day, year, hour, minute, second] = parts
    .filter(({ type }) => type !== 'literal')
    .map(({ value }) => Number(value)) as [number, number, number, number, number, number]
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1000) + 1000) % 1000)
}

/** By how much the clock on the wall is ahead of UTC. */
export function offsetAt(timeZone: string, instant: number): number {
  return wallTimeAt(timeZone, instant) - instant
}

/**
 * The moment when a clock on the wall first shows a time. One that it never shows, because it is set forward over it, is
 * the moment when that is done.
 */
export function instantOf(timeZone: string, wallTime: number): number {
  const before = offsetAt(timeZone, wallTime - 2 * 86_400_000)
  const after = offsetAt(timeZone, wallTime + 2 * 86_400_000)
  if (offsetAt(timeZone, wallTime - before) === before) return wallTime - before
  if (offsetAt(timeZone, wallTime - after) === after) return wallTime - after
  return nextTransition(timeZone, wallTime - 2 * 86_400_000, wallTime + 2 * 86_400_000) ?? wallTime - after
}

/** The first moment in (after, until] with another offset than `after` has. */
export function nextTransition(timeZone: string, after: number, until: number): number | undefined {
  const offset = offsetAt(timeZone, after)
  for (let from = after; from < until; from += STEP_MS) {
    let high = Math.min(from + STEP_MS, until)
    if (offsetAt(timeZone, high) === offset) continue
    let low = from
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (offsetAt(timeZone, middle) === offset) low = middle
      else high = middle
    }
    return high
  }
  return undefined
}

/** The one of the machine. */
export function ownTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name)
    return true
  } catch {
    return false
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(timeZone, format)
  return format
}
