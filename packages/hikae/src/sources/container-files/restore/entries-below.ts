import type { Entry, UnreadableEntry } from '@hikae/engine'
import type { BytePath } from '../../swap/byte-path.ts'

type ReadableEntry = Exclude<Entry, UnreadableEntry>

export interface EntryBelow {
  /** From the top: empty for the top itself, `/a/b` below it. */
  readonly path: BytePath
  readonly entry: ReadableEntry
  /** Of its content, which has been read. */
  readonly bytes: number
}

/** An entry and all below it, in order; the content of files is read and dropped. */
export async function* entriesBelow(
  entry: Entry,
  signal: AbortSignal,
  path: BytePath = '',
): AsyncGenerator<EntryBelow, void, undefined> {
  if (entry.kind === 'unreadable') throw entry.error
  let bytes = 0
  if (entry.kind === 'file' && entry.content.kind === 'stream') {
    for await (const piece of entry.content.open(signal)) bytes += piece.length
  }
  yield { path, entry, bytes }
  if (entry.kind !== 'directory') return
  for await (const child of entry.children(signal)) {
    if (child.kind === 'unreadable') throw child.error
    yield* entriesBelow(child, signal, `${path}/${child.name}`)
  }
}
