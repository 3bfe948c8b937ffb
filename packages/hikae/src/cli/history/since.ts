import { UsageError } from '../../errors.ts'
import { parseDuration } from '../values/duration.ts'
import { parsePointInTime } from '../values/time.ts'

/** A point in time that may be told from now. @param nowMs @returns milliseconds since the epoch */
export type Since = (nowMs: number) => number

/** `2026-11-21`, `2026-11-21 08:30`, or how long ago: `7d`, `12h`. */
export function parseSince(text: string): Since {
  try {
    const agoMs = parseDuration(text)
    return (nowMs) => nowMs - agoMs
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
  }
  try {
    const ms = Number(parsePointInTime(text) / 1_000_000n)
    return () => ms
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`'${text}' is neither a time nor a duration`, {
      hint: "write it as '2026-11-21', '2026-11-21 08:30', 7d or 12h",
      cause: error,
    })
  }
}
