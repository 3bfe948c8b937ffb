import { lstat } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'

/** Whether there is anything of that name, also a link that leads nowhere. @throws what else keeps it from being seen */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}
