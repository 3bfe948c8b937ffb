import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { processExists } from '../process/process-exists.ts'

/**
 * Which process a run is of, so exactly that a later one can tell whether it has ended. A process id does not suffice:
 * numbers are used again, and containers count anew.
 */
export interface ProcessOrigin {
  readonly host: string
  readonly pid: number
  /** Of the running kernel: another one after every start. Absent where the system does not tell. */
  readonly boot?: string
  /** In which process ids mean the same. */
  readonly namespace?: string
  /** When the process started: clock ticks since the machine did. */
  readonly started?: number
  /** Name of the lock that it holds while it lives. */
  readonly lock?: string
}

export function ownProcess(): ProcessOrigin {
  const named = { host: hostname(), pid: process.pid }
  try {
    // A container may see the /proc of its host, where our process id is somebody else's.
    if (readlinkSync('/proc/self') !== String(process.pid)) return named
    const started = processState(process.pid)?.started
    if (started === undefined) return named
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return { ...named, boot, namespace: readlinkSync('/proc/self/ns/pid'), started }
  } catch {
    return named // Not Linux, or a /proc that hides things.
  }
}

/**
 * Whether a process is over. One that we can see is looked for; one of another container or machine, or of this one before it
 * was started anew, is over when it does not hold its lock any more.
 *
 * @param isHeld whether somebody holds the lock of this name
 */
export function hasEnded(other: ProcessOrigin, own: ProcessOrigin, isHeld: (lock: string) => boolean): boolean {
  const isNear = own.boot !== undefined && other.boot === own.boot && other.namespace === own.namespace
  if (isNear && !processExists(other.pid)) return true
  const state = isNear ? processState(other.pid) : undefined
  if (state !== undefined) return state.started !== other.started || state.isOver
  return other.lock === undefined || !isHeld(other.lock)
}

interface ProcessState {
  readonly started: number
  /** Killed, and only its parent has not taken note. */
  readonly isOver: boolean
}

/** Undefined when it cannot be seen, which does not mean that there is none: see hidepid in proc(5). */
function processState(pid: number): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name before the closing parenthesis may hold anything. Fields as in proc(5), from the third on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const started = Number(fields[19])
    if (!Number.isSafeInteger(started)) return undefined
    return { started, isOver: (fields[0] === 'Z' || fields[0] === 'X') && Number(fields[17]) <= 1 }
  } catch {
    return undefined
  }
}
