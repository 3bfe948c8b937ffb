import type { DirectoryEntry, Entry } from '@hikae/engine'
import { madeDirectory } from '../made-entry.ts'
import { bytePath } from '../swap/byte-path.ts'

type Reader = (path: string, signal: AbortSignal) => AsyncIterable<Entry>

/**
 * The root of a snapshot in which each path lies as in the container. The folders above them are made: nothing is known of
 * them.
 *
 * @param paths none is below another
 * @param read gives the one entry at a path when its turn comes
 */
export function savedTree(paths: readonly string[], read: Reader): DirectoryEntry {
  const split = paths.map((path) => ({ path, rest: path.split('/').slice(1) }))
  return folder('', split, read)
}

interface Below {
  readonly path: string
  readonly rest: readonly string[]
}

/** The same from run to run, so that it is stored once. */
const MADE = { timeNs: 0n, mode: 0o755 }

function folder(name: string, below: readonly Below[], read: Reader): DirectoryEntry {
  const children = async function* (signal: AbortSignal): AsyncGenerator<Entry, void, undefined> {
    for (const [next, group] of Map.groupBy(below, ({ rest }) => rest[0]!)) {
      const [first] = group
      if (first!.rest.length === 1) yield* read(first!.path, signal)
      else {
        const deeper = group.map(({ path, rest }) => ({ path, rest: rest.slice(1) }))
        yield folder(bytePath(next), deeper, read)
      }
    }
  }
  return madeDirectory(name, children, MADE)
}
