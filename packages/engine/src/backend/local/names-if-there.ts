import { readdir } from 'node:fs/promises'
import { hasCode } from './system-error.ts'

/** What a folder holds; an absent one holds nothing. */
export async function namesIfThere(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
