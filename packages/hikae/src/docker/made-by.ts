import { z } from 'zod'
import { hasEnded, ownProcess, type ProcessOrigin } from '../state/process-origin.ts'

const origin = z.object({
  host: z.string(),
  pid: z.number(),
  boot: z.string().optional(),
  namespace: z.string().optional(),
  started: z.number().optional(),
})

/** For a label of what this process makes for itself: see {@link isMadeByEnded}. */
export function madeByUs(): string {
  return JSON.stringify(ownProcess())
}

/**
 * Whether a label is of a process that is over. One of another machine, of which nobody here can tell, is not over; one of
 * this machine before it was started anew is.
 */
export function isMadeByEnded(label: string): boolean {
  const other = originOf(label)
  if (!other) return false
  const own = ownProcess()
  if (other.host === own.host && other.boot !== undefined && other.boot !== own.boot) return own.boot !== undefined
  return hasEnded({ ...other, lock: 'elsewhere' }, own, () => true)
}

/** Whether a label is of another process that can be seen to go on. */
export function isMadeByAnother(label: string): boolean {
  const other = originOf(label)
  const own = ownProcess()
  return other !== undefined && other.pid !== own.pid && !hasEnded({ ...other, lock: 'none' }, own, () => false)
}

function originOf(label: string): ProcessOrigin | undefined {
  try {
    const parsed = origin.safeParse(JSON.parse(label))
    return parsed.success ? (parsed.data as ProcessOrigin) : undefined
  } catch {
    return undefined
  }
}
