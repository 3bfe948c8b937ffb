import { readdirSync, readFileSync } from 'node:fs'

/** None when it has ended. */
export function childrenOf(pid: number): number[] {
  const lists = threadsOf(pid).map((thread) => readIfAlive(`/proc/${pid}/task/${thread}/children`))
  return lists.join(' ').split(' ').filter(Boolean).map(Number)
}

/** As the kernel has it: 15 bytes at most, and none when it has ended. */
export function nameOf(pid: number): string {
  return readIfAlive(`/proc/${pid}/comm`).trimEnd()
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

/** A file of /proc. Processes end while they are looked at: what is gone reads as nothing. */
export function readIfAlive(path: string): string {
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
