import { join } from 'node:path'
import type { OpenOptions } from '@hikae/engine'
import type { CommandContext, Environment } from '../context.ts'
import { errorMessage } from '../../errors.ts'
import type { GlobalValues } from '../global-options.ts'
import { formatQuantity } from '../output/format.ts'

/** A cache that nobody used for so long is removed with `--cleanup-cache`. */
const OLD_AFTER_DAYS = 30

/** What is kept of remote repositories, and where; undefined when nothing is to be kept, or there is no place for it. */
export function cacheOptions(
  globals: Pick<GlobalValues, 'noCache' | 'cacheDir'>,
  { env, out }: CommandContext,
): OpenOptions['cache'] {
  const folder = globals.noCache ? undefined : cacheFolder(globals, env)
  if (folder === undefined) return undefined
  return { folder, onTrouble: (error) => out.warn(`${errorMessage(error)}; going on without the cache`) }
}

/** Removes the caches of repositories that nobody used lately; trouble with it is told and does not matter. */
export async function cleanUpCaches(globals: GlobalValues, { env, out }: CommandContext): Promise<void> {
  const folder = cacheFolder(globals, env)
  if (folder === undefined) return
  const { removeOldCaches } = await import('@hikae/engine')
  try {
    const removed = await removeOldCaches(folder, { olderThanDays: OLD_AFTER_DAYS, now: Date.now() })
    out.note(`removed ${formatQuantity(removed.length, 'old cache')} from ${folder}`)
  } catch (error) {
    out.warn(`old caches in ${folder} were not all removed: ${errorMessage(error)}`)
  }
}

/** restic's own, so that both share it. */
function cacheFolder({ cacheDir }: Pick<GlobalValues, 'cacheDir'>, env: Environment): string | undefined {
  if (cacheDir !== undefined) return cacheDir
  const { XDG_CACHE_HOME: caches, HOME: home } = env
  if (caches) return join(caches, 'restic')
  return home ? join(home, '.cache', 'restic') : undefined
}
