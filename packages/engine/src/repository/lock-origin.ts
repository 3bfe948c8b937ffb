import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { sha256Id } from '../crypto/hash.ts'

/**
 * Which process holds a lock, so exactly that another one on the same machine can tell whether it still runs. A host name
 * and a process id do not suffice: containers share them, and numbers are used again.
 */
export interface LockOrigin {
  /** Of the running kernel: another one after every start. */
  readonly boot: string
  /** In which process ids and times mean the same. */
  readonly namespaces: string
  /** When the process started: clock ticks since the machine did. */
  readonly started: number
  /** The same after every start; absent in containers, and where nothing tells one machine from its clone. */
  readonly machine?: string
}

/** The process namespace that the kernel starts with: PROC_PID_INIT_INO. */
const INITIAL_NAMESPACE = 'pid:[4026531836]'

const NETWORK_DEVICES = '/sys/class/net'

/** The origin of our own locks; undefined where the system does not tell (anything but Linux with its own /proc). */
export function ownOrigin(): LockOrigin | undefined {
  try {
    // A container may see the /proc of its host, where our process id is somebody else's.
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined
    const started = processState(process.pid)?.started
    if (started === undefined) return undefined
    const namespace = readlinkSync('/proc/self/ns/pid')
    const machine = namespace === INITIAL_NAMESPACE ? machineName() : undefined
    return {
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
      namespaces: namespace + (linkIfAny('/proc/self/ns/time') ?? ''),
      started,
      ...(machine === undefined ? {} : { machine }),
    }
  } catch {
    return undefined // Whatever is missing there: without it, a lock is like one of restic.
  }
}

/** Whether a process of our own namespaces still runs. When in doubt, it does. */
export function isRunning(pid: number, started: number): boolean {
  if (!processExists(pid)) return false
  const state = processState(pid)
  if (state === undefined) return true
  return state.started === started && !state.isOver
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

interface ProcessState {
  readonly started: number
  /** Killed, and only its parent has not taken note: none of its threads can do anything any more. */
  readonly isOver: boolean
}

/** Undefined when it cannot be seen, which does not mean that there is none: see hidepid in proc(5). */
function processState(pid: number): ProcessState | undefined {
  const stat = textIfAny(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // The name before the closing parenthesis may hold anything. Fields as in proc(5), from the third on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads, started] = [fields[0], Number(fields[17]), Number(fields[19])]
  if (!Number.isSafeInteger(started)) return undefined
  return { started, isOver: (state === 'Z' || state === 'X') && threads <= 1 }
}

/** Clones of a machine share its id and name, but not the addresses of its network devices. */
function machineName(): string | undefined {
  const id = textIfAny('/etc/machine-id')?.trim()
  const addresses = networkAddresses()
  if (!id || addresses.length === 0) return undefined
  return sha256Id(Buffer.from(['hikae lock', id, hostname(), ...addresses].join('\n'))).slice(0, 32)
}

function networkAddresses(): string[] {
  const devices = readdirSync(NETWORK_DEVICES).filter((name) => linkIfAny(`${NETWORK_DEVICES}/${name}/device`))
  const addresses = devices.map((name) => textIfAny(`${NETWORK_DEVICES}/${name}/address`)?.trim() ?? '')
  return addresses.filter((address) => /[1-9a-f]/.test(address)).sort()
}

function linkIfAny(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function textIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
