import { access } from 'node:fs/promises'
import { systemCode } from './errors.ts'

/** Whether a path leads to something, through links. What cannot be looked at counts as absent. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
