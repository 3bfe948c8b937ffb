import { UsageError } from '../../errors.ts'
import { parsePointInTime } from '../values/time.ts'
import type { PointChoice } from './find-point.ts'

/**
 * What `--at` means: a date or time, or an id of a snapshot or run; the newest when it is absent.
 *
 * @throws {UsageError} it is none of them
 */
export function pointAt(at: string | undefined): Pick<PointChoice, 'at'> {
  if (at === undefined || at === 'latest') return {}
  if (/^[0-9a-f]{4,64}$/.test(at) || /^\d{8}T\d{6}Z-/.test(at)) return { at: { id: at } }
  try {
    return { at: { timeNs: parsePointInTime(at) } }
  } catch (error) {
    throw new UsageError(`'${at}' is neither a time nor the id of a snapshot or run`, {
      hint: "write for instance '2026-11-20 03:00:00', or an id from `hikae snapshots` or `hikae history`",
      cause: error,
    })
  }
}
