import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { hasEnded, ownProcess, type ProcessOrigin } from '../state/process-origin.ts'

const origin = z.object({
  host: z.string(),
  machine: z.string().optional(),
  pid: z.number(),
  boot: z.string().optional(),
  namespace: z.string().optional(),
  started: z.number().optional(),
})

type Origin = ProcessOrigin & { readonly machine?: string }

/** For a label of what this process makes for itself: see {@link isMadeByEnded}. */
export function madeByUs(): string {
  return JSON.stringify({ ...ownProcess(), machine: ownMachine() })
}

/**
 * Whether a label is of a process that is over. One of another machine, of which nobody here can tell, is not over; one of
 * this machine before it was started anew is.
 */
export function isMadeByEnded(label: string): boolean {
  const other = originOf(label)
  if (!other) return false
  const own = ownProcess()
  if (isOwnMachine(other) && other.boot !== undefined && other.boot !== own.boot) return own.boot !== undefined
  return hasEnded({ ...other, lock: 'elsewhere' }, own, () => true)
}

/** Whether a label is of another process that can be seen to go on. */
export function isMadeByAnother(label: string): boolean {
  const other = originOf(label)
  const own = ownProcess()
  return other !== undefined && other.pid !== own.pid && !hasEnded({ ...other, lock: 'none' }, own, () => false)
}

/** Names of hosts are given twice, and containers of one image may have the same id of a machine: both are asked for. */
function isOwnMachine({ host, machine }: Origin): boolean {
  return host === ownProcess().host && (machine === undefined || machine === ownMachine())
}

/** No id of a machine is to be told as it is: see machine-id(5). Undefined where there is none. */
function ownMachine(): string | undefined {
  try {
    const id = readFileSync('/etc/machine-id', 'latin1').trim()
    return id === '' ? undefined : createHash('sha256').update(`hikae ${id}`).digest('hex').slice(0, 16)
  } catch {
    return undefined
  }
}

function originOf(label: string): Origin | undefined {
  try {
    const parsed = origin.safeParse(JSON.parse(label))
    return parsed.success ? (parsed.data as Origin) : undefined
  } catch {
    return undefined
  }
}
