import { UsageError } from '../../errors.ts'

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/

/**
 * `2026-11-21`, `2026-11-21 08:30`, `2026-11-21 08:30:00`, or RFC 3339 with a zone; without one, local time.
 *
 * @returns nanoseconds since the epoch
 */
export function parsePointInTime(text: string): bigint {
  const match = LOCAL.exec(text.trim())
  const milliseconds = match ? epochMilliseconds(match) : Number.NaN
  if (!match || Number.isNaN(milliseconds)) {
    throw new UsageError(`'${text}' is not a date or time`, {
      hint: "write it as '2026-11-21' or '2026-11-21 08:30:00'",
    })
  }
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[7] ?? '').padEnd(9, '0'))
}

/** Whole seconds only; NaN for a day or hour that does not exist. */
function epochMilliseconds(match: RegExpExecArray): number {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((field) => Number(field ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const inUtc = Date.UTC(year, month - 1, day, hour, minute, second)
  const normal = new Date(inUtc)
  const exists = normal.getUTCMonth() === month - 1 && normal.getUTCDate() === day && hour < 24 && minute < 60
  if (!exists || second > 59) return Number.NaN
  const zone = match[8]
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second).getTime()
  return inUtc - zoneOffsetMs(zone)
}

function zoneOffsetMs(zone: string): number {
  if (zone === 'Z') return 0
  const sign = zone.startsWith('-') ? -1 : 1
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) * 60_000
}
