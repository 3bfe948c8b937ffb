import type { ExtendedAttribute } from '../../tree/node.ts'
import { entryNode, type StorableEntry } from '../backup/entry-node.ts'
import { TarWriter } from './tar.ts'

/** One entry of an archive that is made of what was never in a repository. */
export interface TarEntry {
  /** Byte string without a slash at its beginning or end. */
  readonly path: string
  readonly entry: StorableEntry
  readonly attributes?: readonly ExtendedAttribute[]
  /** Of a file: exactly as many bytes as its metadata says. */
  readonly content?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Path in the archive of the first name of the same file; then there is no content. */
  readonly link?: string
}

/** A tar archive, written as its entries come: see `TarWriter`. Nothing is kept on the way. */
export async function* tarOfEntries(
  entries: AsyncIterable<TarEntry> | Iterable<TarEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TarWriter()
  for await (const { path, entry, attributes = [], content, link } of entries) {
    const size = content === undefined ? 0 : entry.metadata.size
    const node = entryNode(entry, entry.metadata, { attributes, withAtime: false })
    yield* writer.entry({ kind: 'entry', path, node, size, ...(link === undefined ? {} : { link }) })
    if (content)
      for await (const bytes of content)
        yield* writer.content(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }
  yield* writer.end()
}
