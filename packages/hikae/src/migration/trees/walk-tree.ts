import type { DirectoryEntry, Entry, UnreadableEntry } from '@hikae/engine'
import type { BytePath } from '../../sources/swap/byte-path.ts'

/** An entry of a tree that is moved. */
export interface WalkedEntry {
  /** Below what is moved, without a slash at its beginning; empty for that itself. */
  readonly path: BytePath
  readonly entry: Exclude<Entry, UnreadableEntry>
  /** The first name of the same file. */
  readonly link?: BytePath
}

export interface WalkOptions {
  readonly signal: AbortSignal
  /** Told what cannot be read; what it throws ends the walk. */
  readonly onUnreadable: (entry: UnreadableEntry) => void
}

interface OpenDirectory {
  readonly path: BytePath
  readonly children: Iterator<Entry> | AsyncIterator<Entry>
}

/** A directory and all in it, a directory before what is in it. Memory grows with the number of files. */
export async function* walkTree(
  root: DirectoryEntry,
  { signal, onUnreadable }: WalkOptions,
): AsyncGenerator<WalkedEntry, void, undefined> {
  const firstNames = new Map<string, BytePath>()
  const open: OpenDirectory[] = [{ path: '', children: childrenOf(root, signal) }]
  try {
    yield { path: '', entry: root }
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      const { done, value: entry } = await folder.children.next()
      signal.throwIfAborted()
      if (done === true) {
        open.pop()
      } else if (entry.kind === 'unreadable') {
        onUnreadable(entry)
      } else {
        const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`
        const link = firstNameOf(entry, path, firstNames)
        yield { path, entry, ...(link === undefined ? {} : { link }) }
        if (entry.kind === 'directory') open.push({ path, children: childrenOf(entry, signal) })
      }
    }
  } finally {
    for (const { children } of open.toReversed()) await children.return?.()
  }
}

function childrenOf(directory: DirectoryEntry, signal: AbortSignal): OpenDirectory['children'] {
  const children = directory.children(signal)
  return Symbol.iterator in children ? children[Symbol.iterator]() : children[Symbol.asyncIterator]()
}

/** @returns undefined for the first one */
function firstNameOf(entry: Entry, path: BytePath, firstNames: Map<string, BytePath>): BytePath | undefined {
  if (entry.kind !== 'file' || entry.metadata.links < 2n) return undefined
  const file = `${entry.metadata.deviceId}:${entry.metadata.inode}`
  const first = firstNames.get(file)
  if (first === undefined) firstNames.set(file, path)
  return first
}
