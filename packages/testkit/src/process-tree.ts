import { readdir, readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

/**
 * Kills a process and all that it has started, and waits until none of them runs. It is halted first, so that it starts
 * nothing that would be missed.
 */
export async function killTree(pid: number): Promise<void> {
  killIfThere(pid, 'SIGSTOP')
  const all = [pid, ...(await descendantsOf(pid))]
  for (const one of all) killIfThere(one)
  for (const one of all) while (await isRunning(one)) await setTimeout(5)
}

export async function descendantsOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid)
  const deeper = await Promise.all(children.map(descendantsOf))
  return [...children, ...deeper.flat()]
}

export async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const parents = await Promise.all(pids.map(async (pid) => [Number(pid), await parentOf(pid)] as const))
  return parents.filter(([, of]) => of === parent).map(([pid]) => pid)
}

/** A zombie does not run. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export function killIfThere(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function parentOf(pid: string): Promise<number | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name before the last parenthesis may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
