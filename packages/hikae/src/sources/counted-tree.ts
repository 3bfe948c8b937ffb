import type { DirectoryEntry, Entry } from '@hikae/engine'

/** What was given of a tree. */
export interface TreeCounts {
  files: number
  directories: number
  /** Links and special files. */
  others: number
  /** Of files, as they were when they were found. */
  bytes: number
}

export function noCounts(): TreeCounts {
  return { files: 0, directories: 0, others: 0, bytes: 0 }
}

/**
 * The same entry; it and all that is given of what is below it is counted.
 *
 * @param chunks how its files are cut; as the backup cuts others by default
 */
export function counted(entry: Entry, counts: TreeCounts, chunks?: 'fine'): Entry {
  if (entry.kind === 'unreadable') return entry
  if (entry.kind === 'directory') {
    counts.directories++
    return withChildren(entry, (signal) => countedAll(entry.children(signal), counts, chunks))
  }
  if (entry.kind !== 'file') {
    counts.others++
    return entry
  }
  counts.files++
  counts.bytes += entry.metadata.size
  if (chunks === undefined) return entry
  const { name, metadata, content } = entry
  return { kind: 'file', name, metadata, content, extendedAttributes: () => entry.extendedAttributes?.() ?? [], chunks }
}

/** At once where the walk gives its entries at once: a promise for each of a million files would cost more than they do. */
export function countedAll(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  counts: TreeCounts,
  chunks?: 'fine',
): Iterable<Entry> | AsyncIterable<Entry> {
  return Symbol.iterator in entries ? countedNow(entries, counts, chunks) : countedLater(entries, counts, chunks)
}

/** The same directory with other things in it, or under another name. */
export function withChildren(
  entry: DirectoryEntry,
  children: DirectoryEntry['children'],
  name: string = entry.name,
): DirectoryEntry {
  const { metadata } = entry
  return { kind: 'directory', name, metadata, extendedAttributes: () => entry.extendedAttributes?.() ?? [], children }
}

function* countedNow(entries: Iterable<Entry>, counts: TreeCounts, chunks?: 'fine'): Generator<Entry, void, undefined> {
  for (const entry of entries) yield counted(entry, counts, chunks)
}

async function* countedLater(
  entries: AsyncIterable<Entry>,
  counts: TreeCounts,
  chunks?: 'fine',
): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of entries) yield counted(entry, counts, chunks)
}
