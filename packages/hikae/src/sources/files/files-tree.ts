import { setImmediate } from 'node:timers/promises'
import type { DirectoryEntry, Entry } from '@hikae/engine'
import type { FilesConfig } from './config.ts'

/** What was given of a tree. */
export interface TreeCounts {
  files: number
  directories: number
  /** Links and special files. */
  others: number
  /** Of files, as they were when they were found. */
  bytes: number
}

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
        const counts = { files: 0, directories: 0, others: 0, bytes: 0 }
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

function counted(entry: Entry, counts: TreeCounts, chunks: 'fine' | undefined): Entry {
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
function countedAll(
  entries: Iterable<Entry> | AsyncIterable<Entry>,
  counts: TreeCounts,
  chunks: 'fine' | undefined,
): Iterable<Entry> | AsyncIterable<Entry> {
  return Symbol.iterator in entries ? countedNow(entries, counts, chunks) : countedLater(entries, counts, chunks)
}

function* countedNow(
  entries: Iterable<Entry>,
  counts: TreeCounts,
  chunks: 'fine' | undefined,
): Generator<Entry, void, undefined> {
  for (const entry of entries) yield counted(entry, counts, chunks)
}

async function* countedLater(
  entries: AsyncIterable<Entry>,
  counts: TreeCounts,
  chunks: 'fine' | undefined,
): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of entries) yield counted(entry, counts, chunks)
}

function withChildren(entry: DirectoryEntry, children: DirectoryEntry['children']): DirectoryEntry {
  const { name, metadata } = entry
  return { kind: 'directory', name, metadata, extendedAttributes: () => entry.extendedAttributes?.() ?? [], children }
}
