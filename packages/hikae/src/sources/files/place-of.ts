import { InputError } from '../../errors.ts'
import { type OwnPath, repositoriesBelow } from '../own-paths.ts'
import { type BytePath, parentPath, printablePath, systemPath } from '../swap/byte-path.ts'
import { lookAt } from '../swap/move.ts'
import type { SavedPath } from './files-facts.ts'
import { mountFacts } from './mount-points.ts'

/** How something that was saved comes back to where it was. */
export interface Place extends SavedPath {
  /**
   * `swap`: it is built beside, and swapped. `content`: it is a mount point; what is in it is swapped. `merge`: only some of
   * its files were saved; they are replaced one by one.
   */
  readonly way: 'swap' | 'content' | 'merge'
  /** Something is there now. */
  readonly isThere: boolean
}

/**
 * @param isPartial whether include patterns chose from what was there
 * @param own what is Hikae's
 * @throws {InputError} nothing can be swapped there
 */
export async function placeOf(saved: SavedPath, isPartial: boolean, own: readonly OwnPath[] = []): Promise<Place> {
  const { path, type } = saved
  if (path === '/') throw refusal('/ cannot be replaced while the system runs from it')
  if (typeof systemPath(parentPath(path)) !== 'string') {
    throw refusal(`the name of the folder in which ${printablePath(path)} lies is not text`)
  }
  const there = await lookAt(path)
  const isFolder = there?.isDirectory() === true
  const mounts = there ? await mountFacts(path) : { isMountPoint: false, below: [] }
  const [below] = mounts.below
  if (below !== undefined) throw refusal(`${printablePath(below)} is a mount point, and would be carried away`)
  const text = printablePath(path)
  if (mounts.isMountPoint && !(isFolder && type === 'directory')) throw refusal(`${text} is a mount point`)
  if (there && isPartial && type === 'directory') {
    if (!isFolder) throw refusal(`${text} is not a folder any more`)
    if (typeof systemPath(path) !== 'string') throw refusal(`the name of ${text} is not text`)
    return { ...saved, way: 'merge', isThere: true }
  }
  const [carried] = there ? await repositoriesBelow([path], own) : []
  if (carried !== undefined)
    throw refusal(`${printablePath(carried)} is a repository of this stack, and would be carried away`)
  return { ...saved, way: mounts.isMountPoint ? 'content' : 'swap', isThere: there !== undefined }
}

/** In place, one path of these holds both. */
export function sharedFolders(places: readonly Place[]): Map<BytePath, readonly Place[]> {
  return Map.groupBy(places, ({ path }) => parentPath(path))
}

function refusal(why: string): InputError {
  return new InputError(`it cannot be restored in place: ${why}`, {
    hint: 'restore it to an empty folder with `--to FOLDER`, and move what is wanted from there',
  })
}
