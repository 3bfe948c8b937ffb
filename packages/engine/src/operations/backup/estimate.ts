import type { DirectoryEntry } from '../../entry.ts'
import { Pace } from '../pace.ts'

/** Counts files and bytes ahead of a backup, giving way to it. @throws the signal's reason */
export async function countEntries(
  root: DirectoryEntry,
  signal: AbortSignal,
): Promise<{ files: number; bytes: number }> {
  const pace = new Pace()
  const total = { files: 0, bytes: 0 }
  const open = [root]
  for (let directory = open.pop(); directory; directory = open.pop()) {
    for await (const entry of directory.children(signal)) {
      if (pace.isTired) await pace.rest()
      signal.throwIfAborted()
      if (entry.kind === 'directory') open.push(entry)
      if (entry.kind !== 'file') continue
      total.files++
      total.bytes += entry.metadata.size
    }
  }
  return total
}
