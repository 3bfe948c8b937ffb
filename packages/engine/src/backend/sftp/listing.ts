import { isId } from '../../ids.ts'
import type { StoredFile } from '../backend.ts'
import type { FolderEntry, Handle, SftpSession } from './session.ts'
import { hasStatus } from './status.ts'

/** Requests for more names of one folder under way at once; OpenSSH gives a hundred names at a time. */
const AT_ONCE = 4

/**
 * All entries of a folder.
 *
 * @returns undefined when there is no such folder
 */
export async function readFolder(session: SftpSession, path: string): Promise<FolderEntry[] | undefined> {
  let handle: Handle
  try {
    handle = await session.openFolder(path)
  } catch (error) {
    if (hasStatus(error, 'noSuchFile')) return undefined
    throw error
  }
  try {
    const entries: FolderEntry[] = []
    // Most folders fit into one answer: only then is it worth asking ahead.
    for (let atOnce = 1; ; atOnce = AT_ONCE) {
      const parts = await Promise.all(Array.from({ length: atOnce }, () => session.readFolder(handle)))
      for (const part of parts) if (part !== undefined) entries.push(...part)
      if (parts.includes(undefined)) return entries
    }
  } finally {
    session.close(handle).catch(() => undefined)
  }
}

/**
 * The files of one folder whose name is an id and starts with `prefix`. Links that lead nowhere are left out.
 *
 * @returns undefined when there is no such folder
 */
export async function listFolder(
  session: SftpSession,
  path: string,
  prefix: string,
): Promise<StoredFile[] | undefined> {
  const entries = await readFolder(session, path)
  if (entries === undefined) return undefined
  const files: StoredFile[] = []
  for (const entry of entries) {
    if (!isId(entry.name) || !entry.name.startsWith(prefix)) continue
    const { type, size } = entry.attributes.type === 'link' ? await follow(session, path, entry) : entry.attributes
    if (type === 'file' || type === undefined) files.push({ name: entry.name, size })
  }
  return files
}

async function follow(session: SftpSession, folder: string, entry: FolderEntry) {
  try {
    return await session.stat(`${folder}/${entry.name}`)
  } catch (error) {
    if (hasStatus(error, 'noSuchFile')) return entry.attributes
    throw error
  }
}
