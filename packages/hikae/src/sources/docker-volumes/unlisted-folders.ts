import type { DirectoryEntry, Entry } from '@hikae/engine'
import { statPath } from '../../docker/archive/path-stat.ts'
import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { withChildren } from '../counted-tree.ts'
import { childPath, printablePath } from '../swap/byte-path.ts'

/** What everybody may list and look into is not in question. */
const OTHERS_MAY_LIST = 0o005
/** As many are remembered; some of them tell of all. */
const MOST_REMEMBERED = 1000
/** Those that the engine may look into show that it has the power. */
const ENOUGH_TO_TRUST = 3
const MOST_NAMED = 8

/** A name that nobody gives to a file. */
const PROBE = '.hikae-is-not-there'

/**
 * The same directory; folders that come back empty, and that not everybody may list, are remembered while it is read.
 *
 * @param found gets their paths in it; the directory itself is an empty one
 */
export function seenEmpty(directory: DirectoryEntry, found: string[], path = ''): DirectoryEntry {
  return withChildren(directory, async function* (signal): AsyncGenerator<Entry, void, undefined> {
    let isEmpty = true
    for await (const entry of directory.children(signal)) {
      isEmpty = false
      yield entry.kind === 'directory' ? seenEmpty(entry, found, childPath(path, entry.name)) : entry
    }
    const mayAll = (directory.metadata.mode & OTHERS_MAY_LIST) === OTHERS_MAY_LIST
    if (isEmpty && !mayAll && found.length < MOST_REMEMBERED) found.push(path)
  })
}

/**
 * Which of some empty folders the engine may not look into: it is no root on a file server, and says nothing of what it cannot
 * list. Asked is for a name that is not there; whoever may look knows that. Of engines that leave such a folder out altogether
 * (20.10 does, where its names cannot be listed), nothing is seen.
 *
 * @param at where the container has what they are in
 * @returns paths, for people
 */
export async function unlistedAmong(
  engine: DockerEngine,
  { container, at }: { readonly container: string; readonly at: string },
  empty: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const unlisted: string[] = []
  let seen = 0
  for (const path of empty) {
    if (seen >= ENOUGH_TO_TRUST || unlisted.length >= MOST_NAMED) break
    try {
      await statPath(engine, container, childPath(`${at}${path}`, PROBE), signal)
      seen++
    } catch (error) {
      // Its refusals are answers; no answer at all is trouble of another kind.
      if (!(error instanceof DockerError) || error.status === undefined) throw error
      unlisted.push(printablePath(path === '' ? '/' : path))
    }
  }
  return unlisted
}
