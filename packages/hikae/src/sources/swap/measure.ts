import type { BigIntStats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'
import { type BytePath, childPath, systemPath } from './byte-path.ts'
import { namesIn } from './names-in.ts'

/** The system counts in these, whatever the file system does. */
const BLOCK = 512

/** How much room is free when some paths are removed: files that have other names elsewhere stay. Bytes. */
export async function measure(paths: readonly BytePath[], signal: AbortSignal): Promise<number> {
  const linked = new Map<string, number>()
  const left = [...paths]
  let bytes = 0
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    signal.throwIfAborted()
    const found = await look(path)
    if (!found) continue
    if (found.isDirectory()) for (const name of await namesIn(path)) left.push(childPath(path, name))
    else if (found.nlink > 1n) {
      const id = `${found.dev}:${found.ino}`
      linked.set(id, (linked.get(id) ?? 0) + 1)
      if (linked.get(id) !== Number(found.nlink)) continue
    }
    bytes += Number(found.blocks) * BLOCK
  }
  return bytes
}

async function look(path: BytePath): Promise<BigIntStats | undefined> {
  try {
    return await lstat(systemPath(path), { bigint: true })
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes(systemCode(error) ?? '')) return undefined
    throw error
  }
}
