import { lstatSync, rmdirSync, unlinkSync } from 'node:fs'
import { pathBytes } from '../../filesystem/byte-path.ts'
import type { SelectForRestore } from '../../filter/restore-selection.ts'
import { namesIn } from './existing.ts'

export interface RemovalOptions {
  /** Absolute byte string without a slash at its end. */
  readonly target: string
  readonly select: SelectForRestore
  readonly dryRun: boolean
  /** Something was removed, or would have been. */
  readonly onRemoved: (location: string) => void
  readonly onProblem: (location: string, error: unknown) => void
}

/**
 * Removes what lies at a location of the target, as far as it is selected. Symlinks are removed, never followed; a
 * directory goes when nothing in it had to stay.
 *
 * @returns whether nothing is left of it
 */
export function removeSurplus(location: string, options: RemovalOptions): boolean {
  try {
    const path = options.target + location
    const isDirectory = lstatSync(pathBytes(path)).isDirectory()
    const isEmpty = isDirectory ? removeChildren(location, path, options) : true
    if (!isEmpty || !options.select(location, isDirectory).selected) return false
    if (!options.dryRun) {
      if (isDirectory) rmdirSync(pathBytes(path))
      else unlinkSync(pathBytes(path))
    }
    options.onRemoved(location)
    return true
  } catch (error) {
    options.onProblem(location, error)
    return false
  }
}

function removeChildren(location: string, path: string, options: RemovalOptions): boolean {
  let isEmpty = true
  for (const { name } of namesIn(path)) if (!removeSurplus(`${location}/${name}`, options)) isEmpty = false
  return isEmpty
}
