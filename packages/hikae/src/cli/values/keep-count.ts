import type { KeepCount } from '@hikae/engine'
import { UsageError } from '../../errors.ts'

/** How many snapshots: a number, or `unlimited`, which older restics write as -1. */
export function parseKeepCount(text: string): KeepCount {
  const trimmed = text.trim()
  if (trimmed === 'unlimited' || trimmed === '-1') return 'unlimited'
  if (/^\d{1,6}$/.test(trimmed)) return Number(trimmed)
  throw new UsageError(`'${text}' is not a number of snapshots`, { hint: 'write a number, or unlimited to keep all' })
}
