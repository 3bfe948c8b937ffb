import { readdir, readFile } from 'node:fs/promises'

/** Numbers of the processes that this one has started for reading databases. */
export async function databaseProcesses(): Promise<number[]> {
  const found: number[] = []
  for (const name of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (parent === process.pid && command.includes('sqlite/process/program')) found.push(Number(name))
  }
  return found
}
