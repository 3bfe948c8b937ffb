import type { DirectoryEntry, FileContent, FileEntry } from '@hikae/engine'
import { madeDirectory, madeFile } from '../../made-entry.ts'
import { CONTENT_FILE, HEADERS_FILE } from '../stored-paths.ts'
import { counted } from './counted.ts'
import { digitsOf } from './digest.ts'
import { HeaderFile } from './header-file.ts'
import type { LayerSizes } from './known-images.ts'
import { separateLayer } from './separate-layer.ts'

export interface LayerSource {
  readonly digest: string
  /** Of all layers that are known; those of this one are added when it was read. */
  readonly sizes: Map<string, LayerSizes>
  /** Gives the layer's archive; asked for only when a repository does not have it. */
  readonly read: () => AsyncIterable<Uint8Array>
  readonly scratchFolder: () => Promise<string>
}

/** A layer never changes: its name is the digest of all that is in it. */
const TIME = { timeNs: 0n }

/** A layer in its two parts, which are read in one go. */
export function layerEntry({ digest, sizes, read, scratchFolder }: LayerSource): DirectoryEntry {
  return madeDirectory(
    digitsOf(digest),
    async function* () {
      await using owned = new AsyncDisposableStack()
      let headers: HeaderFile | undefined
      async function* content(): AsyncGenerator<Uint8Array, void, undefined> {
        const file = owned.use(await HeaderFile.create(await scratchFolder()))
        const archive = counted(read())
        let contentBytes = 0
        for await (const part of separateLayer(archive, (frame) => file.add(frame))) {
          contentBytes += part.length
          yield part
        }
        headers = file
        sizes.set(digest, { archiveBytes: archive.bytes, contentBytes, headerBytes: file.bytes })
      }
      async function* framed(): AsyncGenerator<Uint8Array, void, undefined> {
        // A repository may have the content and lack the headers.
        if (!headers) for await (const part of content()) void part
        yield* headers!.content()
      }
      yield layerFile(CONTENT_FILE, content, sizes.get(digest)?.contentBytes)
      yield layerFile(HEADERS_FILE, framed, sizes.get(digest)?.headerBytes)
    },
    TIME,
  )
}

/** @param size by which the file is recognised as unchanged */
function layerFile(name: string, read: () => AsyncIterable<Uint8Array>, size = 0): FileEntry {
  const content: FileContent = { kind: 'stream', open: () => read() }
  const made = madeFile(name, content, { ...TIME, chunks: 'fine' })
  return { ...made, metadata: { ...made.metadata, size } }
}
