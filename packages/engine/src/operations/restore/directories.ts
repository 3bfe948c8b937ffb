import { lstatSync, mkdirSync } from 'node:fs'
import { pathBytes } from '../../filesystem/byte-path.ts'
import { removeObstacle } from '../../workers/restore/output-files.ts'
import type { PlannedDirectory } from './plan.ts'

/** Until it gets its mode, a directory belongs to its owner alone. */
const OWNER_ONLY = 0o700

/**
 * Makes a directory of the plan; what stands in its place is removed, above all a symlink, which would lead elsewhere.
 *
 * @throws system errors
 */
export function makeDirectory(target: string, { location, state }: PlannedDirectory): void {
  const path = target + location
  if (state === 'obstructed') removeObstacle(path)
  try {
    mkdirSync(pathBytes(path), { mode: OWNER_ONLY })
  } catch (error) {
    // Somebody else may have made it meanwhile, as long as it is a directory.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !lstatSync(pathBytes(path)).isDirectory()) throw error
  }
}
