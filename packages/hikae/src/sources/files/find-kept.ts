import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { systemCode } from '../../errors.ts'
import { ownBelow } from '../own-paths.ts'
import type { ReadContext } from '../source-kind.ts'
import { type BytePath, childPath, nameOf, systemPath } from '../swap/byte-path.ts'
import { byMoment, keptBeside, type KeptMoment, keptWithin } from '../swap/kept-items.ts'
import { splitKeptName } from '../swap/names.ts'
import type { FilesConfig } from './config.ts'
import { filesFilter } from './files-filter.ts'
import { findPaths } from './find-paths.ts'
import { settleAround } from './open-files.ts'

/** A walk looks at so many entries before others have their turn. */
const TURN = 512

/**
 * What restores in place have kept: beside each path, in a path that is a mount point, and, where include patterns choose
 * files, beside each file that they mean. Known by the exact name that a restore gives. Ends what was interrupted there.
 *
 * @returns newest first
 */
export async function findKept(config: FilesConfig, context: ReadContext): Promise<KeptMoment[]> {
  for (const { message } of await settleAround(config, context.folder)) context.log(message)
  const { targets } = await findPaths(config, context.folder)
  const moments: KeptMoment[] = []
  for (const target of targets) {
    moments.push(...(await keptBeside(target)), ...(await keptWithin(target)))
    if (config.include.length > 0) moments.push(...(await keptAmong(target, config, targets, context)))
  }
  return byMoment(moments)
}

/** Files among others, of which a restore has replaced some. */
async function keptAmong(
  target: BytePath,
  config: FilesConfig,
  targets: readonly BytePath[],
  { signal, own }: ReadContext,
): Promise<KeptMoment[]> {
  const filter = await filesFilter(config, targets, { own: await ownBelow(targets, own) })
  const moments: KeptMoment[] = []
  const folders = [target]
  let seen = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await entriesOf(folder)) {
      if (++seen % TURN === 0) await setImmediate()
      signal.throwIfAborted()
      const path = childPath(folder, entry.name.toString('latin1'))
      const split = splitKeptName(nameOf(path))
      if (split && filter.means(childPath(folder, split.name), entry.isDirectory())) {
        const live = childPath(folder, split.name)
        moments.push({ ...split.mark, items: [{ folder: target, live, kept: path }] })
      } else if (entry.isDirectory() && filter.means(path, true)) folders.push(path)
    }
  }
  return moments
}

async function entriesOf(folder: BytePath): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(systemPath(folder), { encoding: 'buffer', withFileTypes: true })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return []
    throw error
  }
}
