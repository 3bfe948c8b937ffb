import { isId } from '../../ids.ts'
import type { StoredFile } from '../backend.ts'

/** What the answer of a server that knows the second version of the protocol is called. */
export const VERSION_2 = 'application/vnd.x.restic.rest.v2'

/** Names and sizes, or only names when the server knows no better. */
export type FileList = { readonly files: readonly StoredFile[] } | { readonly names: readonly string[] }

/**
 * Reads the list of a folder (§21), each name once. What is not named by an id is left out. `null` is an empty list: so do
 * some servers write it.
 *
 * @returns undefined when it is no such list
 */
export function parseFileList(text: string, contentType: string | undefined): FileList | undefined {
  const items = parsed(text)
  if (items === undefined) return undefined
  if (contentType !== VERSION_2) {
    if (!items.every((item) => typeof item === 'string')) return undefined
    return { names: [...new Set(items)].filter((name) => isId(name)) }
  }
  if (!items.every(isStoredFile)) return undefined
  const byName = new Map(items.filter(({ name }) => isId(name)).map(({ name, size }) => [name, { name, size }]))
  return { files: [...byName.values()] }
}

function parsed(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text) ?? []
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isStoredFile(item: unknown): item is StoredFile {
  if (typeof item !== 'object' || item === null || !('name' in item) || !('size' in item)) return false
  return typeof item.name === 'string' && Number.isSafeInteger(item.size) && Number(item.size) >= 0
}
