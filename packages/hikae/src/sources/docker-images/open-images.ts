import type { DirectoryEntry, Entry } from '@hikae/engine'
import { DockerError } from '../../docker/engine-error.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { withoutUndefined } from '../../without-undefined.ts'
import { madeDirectory, madeFile } from '../made-entry.ts'
import type { Finding } from '../finding.ts'
import type { OpenSource, ReadContext } from '../source-kind.ts'
import type { DockerImagesConfig } from './config.ts'
import { inspectImage, openImagesEngine } from './engine-images.ts'
import type { ImageFacts, ImagesFacts } from './image-facts.ts'
import { digitsOf } from './layers/digest.ts'
import { type KnownImages, readKnownImages, writeKnownImages } from './layers/known-images.ts'
import { type LayersReading, readLayers } from './layers/read-layers.ts'
import { ARCHIVE_PROGRAM, README } from './readme.ts'
import { type SelectedImage, selectImages } from './select-images.ts'
import { CONFIG_FILE, IMAGES_FOLDER, LAYERS_FOLDER, MANIFEST_FILE } from './stored-paths.ts'

/**
 * Images by their ids, and beside them their layers, each once. An image or a layer never changes: what every repository has
 * already is not asked for again.
 *
 * @throws {DockerError} the engine does not answer, or has none of the images
 */
export async function openImages(config: DockerImagesConfig, context: ReadContext): Promise<OpenSource> {
  await using opened = new AsyncDisposableStack()
  const engine = opened.use(await openImagesEngine(config, context))
  const { images: selected, findings: notThere } = await selectImages(config, engine)
  const all: ImageFacts[] = []
  for (const image of selected) all.push(await factsOfImage(engine, image))
  const images = all.filter(({ layers }) => layers.length > 0)
  const findings = [...notThere, ...all.filter(({ layers }) => layers.length === 0).map(withoutLayers)]
  const [first] = findings
  if (images.length === 0 && first) throw new DockerError(first.message, withoutUndefined({ hint: first.hint }))
  const known = await readKnownImages(context)
  const reading = readLayers(images, { engine, known, context })
  const owned = opened.move()
  return {
    paths: [`/${IMAGES_FOLDER}`, `/${LAYERS_FOLDER}`],
    excludes: config.exclude,
    root: rootOf(images, reading),
    async finish() {
      await writeKnownImages(reading.known(), context)
      return { facts: { ...factsOfAll(engine, images, known) }, findings, isEmpty: images.length === 0 }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function factsOfImage(
  engine: DockerEngine,
  { id, tags, digests, containers }: SelectedImage,
): Promise<ImageFacts> {
  const { architecture, os, created, sizeBytes, layers } = await inspectImage(engine, id)
  return {
    ...{ id, tags: [...tags], digests: [...digests] },
    ...{ architecture, os, created, sizeBytes, layers: [...layers] },
    containers: [...containers],
  }
}

function withoutLayers({ id, tags: [name = id] }: ImageFacts): Finding {
  return {
    severity: 'error',
    message: `the image ${name} has no layers, and Docker exports no such image`,
    hint: 'keep the file that it is built from, and name the image under `exclude:`',
  }
}

function factsOfAll(engine: DockerEngine, images: readonly ImageFacts[], { sizes }: KnownImages): ImagesFacts {
  const digests = new Set(images.flatMap(({ layers }) => layers))
  return {
    engineVersion: engine.version,
    images: [...images],
    layers: [...digests].map((digest) => ({ digest, bytes: sizes.get(digest)!.archiveBytes })),
  }
}

/** Layers come first: an export ends with what is known of an image. */
function rootOf(images: readonly ImageFacts[], reading: LayersReading): DirectoryEntry {
  return madeDirectory('', () => [
    textFile('README.txt', README),
    textFile('docker-archive.py', ARCHIVE_PROGRAM),
    madeDirectory(LAYERS_FOLDER, () => reading.entries()),
    madeDirectory(IMAGES_FOLDER, () => images.map((image) => imageEntry(image, reading))),
  ])
}

/** What does not depend on who uses the image. */
function imageEntry({ id, tags, digests, layers }: ImageFacts, reading: LayersReading): DirectoryEntry {
  const manifest = `${JSON.stringify({ id, tags, digests, layers }, null, 2)}\n`
  return madeDirectory(digitsOf(id), () => [
    bytesFile(CONFIG_FILE, () => reading.configOf(id)),
    textFile(MANIFEST_FILE, manifest),
  ])
}

function textFile(name: string, text: string): Entry {
  return bytesFile(name, () => Buffer.from(text))
}

function bytesFile(name: string, bytes: () => Buffer): Entry {
  return madeFile(
    name,
    {
      kind: 'stream',
      async *open() {
        yield bytes()
      },
    },
    { timeNs: 0n },
  )
}
