import { setImmediate } from 'node:timers/promises'
import type { DirectoryEntry, Entry } from '@hikae/engine'
import { counted, noCounts, type TreeCounts, withChildren } from '../counted-tree.ts'
import type { FilesConfig } from './config.ts'

/** A walk looks at so many entries before others have their turn. */
const TURN = 512

/**
 * The tree of a walk, counted.
 *
 * @param root of a walk that gives its entries at once; it may be read several times
 * @returns the same root, and what the last reading that came to its end has given
 */
export function filesTree(
  root: DirectoryEntry,
  { include, chunk }: Pick<FilesConfig, 'include' | 'chunk'>,
): { root: DirectoryEntry; counts: () => TreeCounts | undefined } {
  let finished: TreeCounts | undefined
  const chunks = chunk === 'standard' ? undefined : chunk
  return {
    counts: () => finished,
    root: {
      ...root,
      async *children(signal): AsyncGenerator<Entry, void, undefined> {
        const counts = noCounts()
        const entries = include.length > 0 ? withoutEmpty(root, signal) : root.children(signal)
        for await (const entry of entries) yield counted(entry, counts, chunks)
        finished = counts
      },
    },
  }
}

/**
 * What is in a directory, without directories in which there is nothing but such directories. A directory is read as far as
 * the first thing in it before it is given.
 */
export async function* withoutEmpty(
  directory: DirectoryEntry,
  signal: AbortSignal,
): AsyncGenerator<Entry, void, undefined> {
  let seen = 0
  for await (const entry of directory.children(signal)) {
    if (++seen % TURN === 0) await setImmediate()
    signal.throwIfAborted()
    if (entry.kind !== 'directory') {
      yield entry
      continue
    }
    const below = withoutEmpty(entry, signal)
    const first = await below.next()
    if (first.done === true) continue
    let begun: AsyncIterable<Entry> | undefined = resumed(first.value, below)
    yield withChildren(entry, (again) => {
      const entries = begun ?? withoutEmpty(entry, again)
      begun = undefined
      return entries
    })
  }
}

async function* resumed(first: Entry, rest: AsyncIterable<Entry>): AsyncGenerator<Entry, void, undefined> {
  yield first
  yield* rest
}
