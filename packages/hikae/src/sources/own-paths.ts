import { realpath } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { type BytePath, bytePath, isWithin, systemPath } from './swap/byte-path.ts'

/**
 * What of Hikae's own lies below some paths: its state, and repositories of the stack. It is no part of a source, changes
 * with every backup, and is not to be carried away by a restore.
 *
 * @param targets absolute @param own absolute; those that a target itself lies in are left out: it is meant then
 * @returns as the targets name them, whatever links are on the way
 */
export async function ownBelow(targets: readonly BytePath[], own: readonly string[] = []): Promise<BytePath[]> {
  const found = new Set<BytePath>()
  for (const path of own) {
    const ownReal = await realPlace(bytePath(path))
    for (const target of targets) {
      const targetReal = await realPlace(target)
      if (ownReal === targetReal || !isWithin(ownReal, targetReal)) continue
      found.add(target === '/' ? ownReal : `${target}${ownReal.slice(targetReal === '/' ? 0 : targetReal.length)}`)
    }
  }
  return [...found]
}

async function realPlace(path: BytePath): Promise<BytePath> {
  try {
    return (await realpath(systemPath(path), { encoding: 'buffer' })).toString('latin1')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(systemCode(error) ?? '')) return path
    throw error
  }
}
