import type { DirectoryEntry, Entry } from '@hikae/engine'

export interface WalkedEntry {
  /** Byte string that begins with a slash; empty for what the walk began with. */
  readonly path: string
  readonly entry: Entry
}

/**
 * A directory and all that is below it, each directory before what is in it. Each content has to be read before the next entry is
 * asked for, if it is to be read at all.
 */
export async function* walkEntries(
  root: DirectoryEntry,
  signal: AbortSignal,
): AsyncGenerator<WalkedEntry, void, undefined> {
  yield { path: '', entry: root }
  const open = [{ path: '', children: childrenOf(root, signal) }]
  for (let last = open.at(-1); last; last = open.at(-1)) {
    signal.throwIfAborted()
    const next = await last.children.next()
    if (next.done) {
      open.pop()
      continue
    }
    const entry = next.value
    const path = `${last.path}/${entry.kind === 'unreadable' ? '' : entry.name}`
    yield { path, entry }
    if (entry.kind === 'directory') open.push({ path, children: childrenOf(entry, signal) })
  }
}

function childrenOf(directory: DirectoryEntry, signal: AbortSignal): Iterator<Entry> | AsyncIterator<Entry> {
  const children = directory.children(signal)
  return Symbol.iterator in children ? children[Symbol.iterator]() : children[Symbol.asyncIterator]()
}

/** As a walk gives them: a directory before what is in it, names by their bytes. */
export function comparePaths(one: string, other: string): number {
  const [ones, others] = [one.split('/'), other.split('/')]
  for (const [at, name] of ones.entries()) {
    const against = others[at]
    if (against === undefined) return 1
    if (name !== against) return name < against ? -1 : 1
  }
  return ones.length - others.length
}
