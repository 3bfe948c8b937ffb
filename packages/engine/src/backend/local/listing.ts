import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isId } from '../../ids.ts'
import { hasCode } from './system-error.ts'

export interface ListedFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
}

/** Calls for sizes under way at once: enough to hide the latency of a network mount. */
const AT_ONCE = 64

/**
 * The files of one folder whose name is an id and starts with `prefix`. Files that vanish meanwhile are left out.
 *
 * @returns undefined when there is no such folder
 */
export async function listFolder(
  folder: string,
  options: { prefix?: string; signal?: AbortSignal | undefined } = {},
): Promise<ListedFile[] | undefined> {
  const names = await namesIn(folder)
  const ids = names?.filter((name) => isId(name) && name.startsWith(options.prefix ?? ''))
  if (ids === undefined) return undefined
  const files: ListedFile[] = []
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    options.signal?.throwIfAborted()
    const found = await Promise.all(ids.slice(start, start + AT_ONCE).map((name) => look(folder, name)))
    for (const file of found) if (file !== undefined) files.push(file)
  }
  return files
}

async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function look(folder: string, name: string): Promise<ListedFile | undefined> {
  try {
    const found = await stat(join(folder, name))
    return found.isFile() ? { name, size: found.size } : undefined
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
