import { type ContainerSummary, listContainers } from '../../docker/containers/container.ts'
import type { DockerEngine } from '../../docker/engine.ts'
import { nearest } from '../../nearest.ts'
import type { Finding } from '../finding.ts'
import type { DockerImagesConfig } from './config.ts'
import { type ListedImage, listImages } from './engine-images.ts'
import { parseKeptName } from './kept-name.ts'
import { idDigits, isPattern, matchesReference } from './reference.ts'

export interface SelectedImage extends ListedImage {
  /** Names of the containers that use it. */
  readonly containers: readonly string[]
}

export interface ImageSelection {
  /** In the order of their ids. */
  readonly images: readonly SelectedImage[]
  /** References that mean nothing that is there. */
  readonly findings: readonly Finding[]
}

/** Finds the images that a configuration means; each once, whatever names it has. @throws {DockerError} */
export async function selectImages(config: DockerImagesConfig, engine: DockerEngine): Promise<ImageSelection> {
  const [listed, containers] = [await listImages(engine), await listContainers(engine)]
  const found = new Map<string, ListedImage>()
  const findings: Finding[] = []
  for (const reference of config.references ?? []) {
    const meant = imagesMeant(reference, listed)
    if (meant.length === 0) findings.push(nothingFor(reference, listed, engine))
    for (const image of meant) found.set(image.id, image)
  }
  if (config.inUse) {
    for (const { image, imageId, name } of containers) {
      const used = listed.find(({ id }) => id === imageId)
      if (used) found.set(used.id, used)
      else findings.push(goneFrom({ image, name }))
    }
  }
  const images = [...found.values()]
    .filter((image) => !isExcluded(image, config.exclude))
    .map((image) => selected(image, containers))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
  return { images, findings }
}

/** Names under which a restore keeps what it replaced are not what a pattern means. */
function imagesMeant(reference: string, listed: readonly ListedImage[]): ListedImage[] {
  const byName = listed.filter((image) =>
    namesOf(image).some(
      (name) => matchesReference(name, reference) && !(isPattern(reference) && parseKeptName(name) !== undefined),
    ),
  )
  const digits = idDigits(reference)
  return byName.length > 0 || digits === undefined
    ? byName
    : listed.filter(({ id }) => id.startsWith(`sha256:${digits}`))
}

function namesOf({ tags, digests }: ListedImage): string[] {
  return [...tags, ...digests]
}

function isExcluded(image: ListedImage, exclude: readonly string[]): boolean {
  const names = [image.tags, image.digests, [image.id]].find(({ length }) => length > 0)!
  return names.every((name) =>
    exclude.some((reference) => matchesReference(name, reference) || isIdOf(reference, image.id)),
  )
}

function isIdOf(reference: string, id: string): boolean {
  const digits = idDigits(reference)
  return digits !== undefined && id.startsWith(`sha256:${digits}`)
}

function selected(image: ListedImage, containers: readonly ContainerSummary[]): SelectedImage {
  const users = containers.filter(({ imageId }) => imageId === image.id)
  return {
    ...image,
    tags: image.tags.filter((name) => parseKeptName(name) === undefined).toSorted(),
    digests: image.digests.toSorted(),
    containers: users.map(({ name }) => name).toSorted(),
  }
}

function nothingFor(reference: string, listed: readonly ListedImage[], engine: DockerEngine): Finding {
  const near = isPattern(reference) ? undefined : nearest(reference, listed.flatMap(namesOf))
  const meant = near === undefined ? '' : `; did you mean ${near}?`
  return {
    severity: 'error',
    message: `no image at ${engine.address} is meant by ${reference}${meant}`,
    hint: 'see `docker image ls` for what is there; build or pull it, or correct `references:`',
  }
}

function goneFrom({ image, name }: { readonly image: string; readonly name: string }): Finding {
  return {
    severity: 'error',
    message: `the image ${image} of the container ${name} is not there any more`,
    hint: 'make the container again from an image that is there, or remove it',
  }
}
