import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'

export interface FoundFile {
  readonly path: string
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Last written to; epoch milliseconds. */
  readonly modified: number
}

const TEMPORARY_NAME = /^(?:config|[0-9a-f]{64})-tmp-[0-9a-z]+$/

/** Whether a file with this name is an upload under way, or the rest of one. */
export function isTemporary(name: string): boolean {
  return TEMPORARY_NAME.test(name)
}

/** Every file in a folder and the folders in it. Links are not followed; what vanishes meanwhile is left out. */
export async function* filesBelow(folder: string, signal?: AbortSignal): AsyncGenerator<FoundFile> {
  signal?.throwIfAborted()
  const folders: string[] = []
  for (const { name, isFolder } of await entriesOf(folder)) {
    const path = join(folder, name)
    if (isFolder) folders.push(path)
    else yield* await look(path, name)
  }
  for (const path of folders) yield* filesBelow(path, signal)
}

async function entriesOf(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  try {
    const entries: { name: string; isFolder: boolean }[] = []
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (entry.isDirectory() || entry.isFile()) entries.push({ name: entry.name, isFolder: entry.isDirectory() })
    }
    return entries
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

async function look(path: string, name: string): Promise<FoundFile[]> {
  try {
    const { size, mtimeMs } = await lstat(path)
    return [{ path, name, size, modified: mtimeMs }]
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
