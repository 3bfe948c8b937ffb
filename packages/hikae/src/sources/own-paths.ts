import { realpath } from 'node:fs/promises'
import { systemCode } from '../errors.ts'
import { type BytePath, bytePath, isWithin, systemPath } from './swap/byte-path.ts'

/** Something on this machine that is Hikae's, and no part of any source. */
export interface OwnPath {
  /** Absolute. */
  readonly path: string
  /** Losing the state loses history only; losing a repository loses backups. */
  readonly kind: 'state' | 'repository'
}

/**
 * What of Hikae's own lies below some paths: its state, and repositories of the stack. It is no part of a source, changes
 * with every backup, and is not to be carried away by a restore.
 *
 * @param targets absolute @param own absolute; those that a target itself lies in are left out: it is meant then
 * @returns as the targets name them, whatever links are on the way
 */
export async function ownBelow(targets: readonly BytePath[], own: readonly OwnPath[] = []): Promise<BytePath[]> {
  const found = new Set<BytePath>()
  for (const { path } of own) {
    const ownReal = await realPlace(bytePath(path))
    for (const target of targets) {
      const targetReal = await realPlace(target)
      if (ownReal === targetReal || !isWithin(ownReal, targetReal)) continue
      found.add(target === '/' ? ownReal : `${target}${ownReal.slice(targetReal === '/' ? 0 : targetReal.length)}`)
    }
  }
  return [...found]
}

/** As {@link ownBelow}, only what a restore must not carry away. */
export async function repositoriesBelow(
  targets: readonly BytePath[],
  own: readonly OwnPath[] = [],
): Promise<BytePath[]> {
  return await ownBelow(
    targets,
    own.filter(({ kind }) => kind === 'repository'),
  )
}

async function realPlace(path: BytePath): Promise<BytePath> {
  try {
    return (await realpath(systemPath(path), { encoding: 'buffer' })).toString('latin1')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP'].includes(systemCode(error) ?? '')) return path
    throw error
  }
}
