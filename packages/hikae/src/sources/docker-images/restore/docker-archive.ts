import type { SourcePoint } from '../../source-point.ts'
import type { ImageFacts, ImagesFacts } from '../image-facts.ts'
import { digitsOf } from '../layers/digest.ts'
import { storedConfig, storedLayer } from '../stored-image.ts'
import { archiveEnd, archiveHeader, archivePadding } from './archive-header.ts'

export interface DockerArchiveOptions {
  readonly images: readonly ImageFacts[]
  /** Names that whoever loads the archive gives to an image, and takes from another one that has them. */
  readonly tagsOf: (image: ImageFacts) => readonly string[]
}

/**
 * Images as an archive that every `docker load` takes, each layer once.
 *
 * @throws when something is not what its digest says; what came until then is no whole archive
 */
export async function* dockerArchive(
  point: SourcePoint,
  { layers }: ImagesFacts,
  { images, tagsOf }: DockerArchiveOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const sizes = new Map(layers.map(({ digest, bytes }) => [digest, bytes]))
  for (const image of images) yield* file(configName(image), await storedConfig(point, image))
  for (const digest of new Set(images.flatMap((image) => image.layers))) {
    const size = sizes.get(digest)!
    yield archiveHeader(layerName(digest), size)
    yield* storedLayer(point, digest)
    yield archivePadding(size)
  }
  const manifest = images.map((image) => ({
    Config: configName(image),
    RepoTags: tagsOf(image),
    Layers: image.layers.map(layerName),
  }))
  yield* file('manifest.json', Buffer.from(JSON.stringify(manifest)))
  yield archiveEnd()
}

function* file(name: string, content: Buffer): Generator<Uint8Array, void, undefined> {
  yield archiveHeader(name, content.length)
  yield content
  yield archivePadding(content.length)
}

function configName({ id }: ImageFacts): string {
  return `${digitsOf(id)}.json`
}

function layerName(digest: string): string {
  return `${digitsOf(digest)}/layer.tar`
}
