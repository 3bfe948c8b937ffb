import type { EntryPiece } from './pieces.ts'

/** Turns entries and their content into the bytes of an archive. Calls come in order and one after the other. */
export interface ArchiveWriter {
  entry(entry: EntryPiece): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Part of the content of the last entry. */
  content(bytes: Buffer): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  end(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}
