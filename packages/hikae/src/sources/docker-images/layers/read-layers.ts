import type { Entry } from '@hikae/engine'
import type { DockerEngine } from '../../../docker/engine.ts'
import type { ReadContext } from '../../source-kind.ts'
import { type ExportedImage, ImageReader } from './image-reader.ts'
import type { KnownImage, KnownImages } from './known-images.ts'
import { layerEntry } from './layer-entry.ts'

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
 * Reads one image after the other: an engine writes an export to its own disk before it gives any of it, so that of one image
 * takes less room there than that of all. Layers that an earlier image has given are passed over.
 */
export function readLayers(
  images: readonly ExportedImage[],
  { engine, known: { sizes, images: known }, context: { signal, scratchFolder } }: ReadLayersOptions,
): LayersReading {
  const read = new Map<string, KnownImage>()
  let scratch: Promise<string> | undefined
  return {
    async *entries() {
      const given = new Set<string>()
      for (const image of images) {
        signal.throwIfAborted()
        await using reader = new ImageReader(engine, image, { known: known.get(image.id), sizes, signal })
        const isNew = image.layers.some((digest) => !given.has(digest))
        for (const digest of isNew ? await reader.order() : []) {
          if (given.has(digest)) continue
          given.add(digest)
          yield layerEntry({
            digest,
            sizes,
            read: () => reader.layer(digest),
            scratchFolder: () => (scratch ??= scratchFolder()),
          })
        }
        read.set(image.id, await reader.known())
      }
    },
    configOf: (id) => read.get(id)!.config,
    known() {
      const digests = new Set(images.flatMap(({ layers }) => layers))
      return { sizes: new Map([...sizes].filter(([digest]) => digests.has(digest))), images: read }
    },
  }
}
