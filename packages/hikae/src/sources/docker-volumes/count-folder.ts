import { lstat, readdir } from 'node:fs/promises'
import { noCounts, type TreeCounts } from '../counted-tree.ts'
import { type BytePath, childPath, systemPath } from '../swap/byte-path.ts'

/** What is below a folder; sockets are left out, as they are from backups. */
export async function countFolder(folder: BytePath, signal: AbortSignal): Promise<TreeCounts> {
  const counts = noCounts()
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    signal.throwIfAborted()
    for (const entry of await readdir(systemPath(next), { encoding: 'buffer', withFileTypes: true })) {
      const path = childPath(next, entry.name.toString('latin1'))
      if (entry.isDirectory()) {
        counts.directories++
        folders.push(path)
      } else if (entry.isFile()) {
        counts.files++
        counts.bytes += (await lstat(systemPath(path))).size
      } else if (!entry.isSocket()) counts.others++
    }
  }
  return counts
}
