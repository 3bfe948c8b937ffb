import { tryLock } from '../../../docker/quiesce/container-lock.ts'
import { DockerError } from '../../../docker/engine-error.ts'
import type { Finding } from '../../finding.ts'
import type { ReadContext } from '../../source-kind.ts'
import { type KeptFiles, listKept, markBegun } from './kept-files.ts'

const LOCK = 'restore'

/**
 * Held while a container is written into: what has begun and is not held was interrupted.
 *
 * @throws {DockerError} another restore of the source is under way
 */
export async function takeRestoreLock({ source, stateFolder }: ReadContext): Promise<Disposable> {
  const lock = tryLock(await stateFolder(), LOCK)
  if (lock) return lock
  throw new DockerError(`another restore of ${source} is under way`, { hint: 'wait until it has ended' })
}

/** Restores that began to write, and came to no end. */
export async function interruptedRestores(context: ReadContext): Promise<readonly Finding[]> {
  const begun = (await listKept(context)).filter(({ isBegun }) => isBegun).toReversed()
  if (begun.length === 0) return []
  using lock = tryLock(await context.stateFolder(), LOCK)
  return lock ? begun.map((kept) => interrupted(kept, context)) : []
}

/** What was written over the paths is whole: what had begun there before is of the past. @param since not before that */
export async function forgetBegun(paths: readonly string[], context: ReadContext, since = new Date(0)): Promise<void> {
  for (const kept of await listKept(context)) {
    const isCovered = kept.time >= since && kept.paths.every(({ path }) => paths.includes(path))
    if (kept.isBegun && isCovered) await markBegun(kept, false)
  }
}

function interrupted({ time, container, paths }: KeptFiles, { source }: ReadContext): Finding {
  const at = time.toISOString().replace('.000', '')
  const what = paths.map(({ path }) => path).join(', ')
  return {
    severity: 'error',
    message: `a restore into the container ${container} was interrupted on the way, and ${what} may be of the backup in part`,
    hint: `\`hikae restore ${source} --undo --at ${at}\` puts back what was there before; or restore again`,
  }
}
