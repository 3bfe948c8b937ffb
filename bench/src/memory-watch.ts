import { childrenOf, readIfAlive } from './processes.ts'

export interface MemoryWatch {
  /** The highest sum, at any one moment, of the high-water marks of resident memory of the processes alive then. */
  peakBytes(): number
  stop(): void
}

const firstLookMs = 2
const longestPauseMs = 25

/**
 * Watches the resident memory of processes and their descendants through /proc, at first often, for programs that end at
 * once. The kernel keeps the high-water marks, so that only what a process gains in its last moments can be missed.
 */
export function watchMemory(roots: () => readonly number[]): MemoryWatch {
  let peak = 0
  let pauseMs = firstLookMs
  let timer: NodeJS.Timeout
  const look = (): void => {
    peak = Math.max(peak, treeBytes(roots()))
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)
    timer = setTimeout(look, pauseMs)
  }
  timer = setTimeout(look, pauseMs)
  return { peakBytes: () => peak, stop: () => clearTimeout(timer) }
}

function treeBytes(roots: readonly number[]): number {
  let sum = 0
  const open = [...roots]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    sum += highWaterMark(pid) ?? 0
    open.push(...childrenOf(pid))
  }
  return sum
}

function highWaterMark(pid: number): number | undefined {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readIfAlive(`/proc/${pid}/status`))?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}
