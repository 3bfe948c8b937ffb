import type { Entry } from '@hikae/engine'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { ReadContext } from '../../source-kind.ts'
import { inBatches } from './batches.ts'
import { ExportReader } from './export-reader.ts'
import type { KnownImage, KnownImages } from './known-images.ts'
import { layerEntry } from './layer-entry.ts'
import type { ExportedImage } from './open-export.ts'

/** An image that is to be read. */
export interface ImageToRead extends ExportedImage {
  /** Unpacked. */
  readonly sizeBytes: number
}

export interface LayersReading {
  /** The layers of all images, each once. */
  entries(): AsyncGenerator<Entry, void, undefined>
  /** After all entries. */
  configOf(id: string): Buffer
  /** What is known after all entries, of these images and no others. */
  known(): KnownImages
}

export interface ReadLayersOptions {
  readonly engine: DockerEngine
  /** From earlier runs; sizes are added as layers are read. */
  readonly known: KnownImages
  readonly context: Pick<ReadContext, 'signal' | 'scratchFolder'>
}

/**
 * Reads new images, several in one export, and offers the layers of known ones by their sizes, so that they are exported only
 * when a repository lacks them.
 */
export function readLayers(
  images: readonly ImageToRead[],
  { engine, known: { sizes, images: known }, context: { signal, scratchFolder } }: ReadLayersOptions,
): LayersReading {
  const read = new Map<string, KnownImage>()
  const given = new Set<string>()
  let scratch: Promise<string> | undefined
  const entryOf = (digest: string, archive: () => AsyncIterable<Uint8Array>): Entry => {
    given.add(digest)
    return layerEntry({ digest, sizes, read: archive, scratchFolder: () => (scratch ??= scratchFolder()) })
  }

  async function* newLayers(batch: readonly ImageToRead[]): AsyncGenerator<Entry, void, undefined> {
    await using reader = new ExportReader(engine, batch, { sizes, signal })
    const order: string[] = []
    const hasNew = batch.some(({ layers }) => layers.some((digest) => !given.has(digest)))
    if (hasNew) {
      for await (const { digest, read } of reader.layers()) {
        order.push(digest)
        if (!given.has(digest)) yield entryOf(digest, read)
      }
    }
    for (const [id, image] of await reader.known(hasNew ? order : batch.flatMap(({ layers }) => layers)))
      read.set(id, image)
  }

  async function* knownLayers(image: ImageToRead, before: KnownImage): AsyncGenerator<Entry, void, undefined> {
    await using reader = new ExportReader(engine, [image], { paths: before.paths, sizes, signal })
    for (const digest of before.order) if (!given.has(digest)) yield entryOf(digest, () => reader.layer(digest))
    read.set(image.id, before)
  }

  const isKnown = ({ id, layers }: ImageToRead): boolean => known.has(id) && layers.every((digest) => sizes.has(digest))
  return {
    async *entries() {
      for (const image of images.filter(isKnown)) yield* knownLayers(image, known.get(image.id)!)
      for (const batch of inBatches(images.filter((image) => !read.has(image.id)))) {
        signal.throwIfAborted()
        yield* newLayers(batch)
      }
    },
    configOf: (id) => read.get(id)!.config,
    known() {
      const digests = new Set(images.flatMap(({ layers }) => layers))
      return { sizes: new Map([...sizes].filter(([digest]) => digests.has(digest))), images: read }
    },
  }
}
