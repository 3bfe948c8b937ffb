import { readdirSync, readFileSync } from 'node:fs'

export interface MemoryWatch {
  /** The highest sum, at any one moment, of the high-water marks of resident memory of the processes alive then. */
  peakBytes(): number
  stop(): void
}

const firstLookMs = 2
const longestPauseMs = 25

/**
 * Watches the resident memory of a process and its descendants through /proc, at first often, for programs that end at
 * once. The kernel keeps the high-water marks, so that only what a process gains in its last moments can be missed.
 */
export function watchMemory(root: number | undefined): MemoryWatch {
  let peak = 0
  let pauseMs = firstLookMs
  let timer: NodeJS.Timeout
  const look = (): void => {
    peak = Math.max(peak, root === undefined ? 0 : treeBytes(root))
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)
    timer = setTimeout(look, pauseMs)
  }
  timer = setTimeout(look, pauseMs)
  return { peakBytes: () => peak, stop: () => clearTimeout(timer) }
}

function treeBytes(root: number): number {
  let sum = 0
  const open = [root]
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

function childrenOf(pid: number): number[] {
  const lists = threadsOf(pid).map((thread) => readIfAlive(`/proc/${pid}/task/${thread}/children`))
  return lists.join(' ').split(' ').filter(Boolean).map(Number)
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

/** Processes end while they are looked at: what is gone reads as nothing. */
function readIfAlive(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')
}
