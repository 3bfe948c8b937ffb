import { readdir } from 'node:fs/promises'
import { systemCode } from '../../errors.ts'
import { type BytePath, systemPath } from './byte-path.ts'

/** In order; none of a folder that is not there, or may not be read. */
export async function namesIn(folder: BytePath): Promise<string[]> {
  try {
    const names = await readdir(systemPath(folder), { encoding: 'buffer' })
    return names.map((name) => name.toString('latin1')).sort()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return []
    throw error
  }
}
