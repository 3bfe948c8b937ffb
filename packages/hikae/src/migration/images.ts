import type { DockerEngine } from '../docker/engine.ts'
import { DockerError } from '../docker/engine-error.ts'
import { exportImages, findImage, inspectImage, loadImage, tagImage } from '../sources/docker-images/engine-images.ts'
import { familiarName, idDigits, shortImageId } from '../sources/docker-images/reference.ts'
import type { Engines } from './migration.ts'
import type { MovedProject } from './subject.ts'

/** An image that containers of a project are made from. */
export interface MovedImage {
  readonly id: string
  /** As containers name it; none when the name has gone to another image since. */
  readonly names: readonly string[]
  /** Unpacked. */
  readonly sizeBytes: number
  /** Whether the other side has it. */
  readonly isThere: boolean
  /** Those of the names that the other side has for another image. */
  readonly taken: readonly string[]
  /** Those of the names that it gets there. */
  readonly missing: readonly string[]
  /** Names that only a registry can give: `app@sha256:…`. */
  readonly digests: readonly string[]
  /** Those of the digests by which the other side knows it. */
  readonly known: readonly string[]
}

/** @throws {DockerError} */
export async function imagesOf({ containers }: MovedProject, { from, to }: Engines): Promise<readonly MovedImage[]> {
  const namesOf = new Map<string, Set<string>>()
  for (const { info } of containers) {
    const names = namesOf.get(info.Image) ?? new Set()
    namesOf.set(info.Image, names.add(info.Config.Image))
  }
  const images: MovedImage[] = []
  for (const [id, given] of namesOf) {
    const { sizeBytes } = await inspectImage(from, id)
    const digests = [...given].filter((name) => name.includes('@'))
    const names: string[] = []
    for (const name of given) {
      if (!name.includes('@') && idDigits(name) === undefined && (await findImage(from, name))?.id === id)
        names.push(familiarName(name))
    }
    const taken: string[] = []
    const missing: string[] = []
    for (const name of names) {
      const other = await findImage(to, name)
      if (other === undefined) missing.push(name)
      else if (other.id !== id) taken.push(name)
    }
    const known: string[] = []
    for (const name of digests) if ((await findImage(to, name))?.id === id) known.push(name)
    const isThere = (await findImage(to, id)) !== undefined
    images.push({ ...{ id, names, sizeBytes, isThere, taken, missing, digests, known } })
  }
  return images
}

/**
 * The smallest image of the source for the time being, when the other side has none and gets none: what writes into volumes
 * is a container that never runs, which has to be made from some image.
 *
 * @returns undefined when none is needed, or none is there
 */
export async function helperImage({ from, to }: Engines): Promise<MovedImage | undefined> {
  if ((await to.ask('list the images', (api) => api.listImages())).length > 0) return undefined
  const all = await from.ask('list the images', (api) => api.listImages())
  const smallest = all.toSorted((one, other) => one.Size - other.Size)[0]
  if (!smallest) return undefined
  const none = { names: [], taken: [], missing: [], digests: [], known: [] }
  return { id: smallest.Id, sizeBytes: smallest.Size, isThere: false, ...none }
}

/**
 * Brings an image over, if it is not there, and gives it its names.
 *
 * @throws {DockerError} it did not come whole
 */
export async function bringImage(
  { from, to }: Engines,
  image: MovedImage,
  { onBytes, signal }: { readonly onBytes: (bytes: number) => void; readonly signal: AbortSignal },
): Promise<void> {
  const { id, missing, isThere } = image
  if (!isThere) {
    await loadImage(to, counted(exportImages(from, [id], signal), onBytes), { id, signal })
    if ((await findImage(to, id)) === undefined) throw differentId(id, to)
  }
  for (const name of missing) await tagImage(to, id, name)
}

/** For messages. */
export function imageName({ id, names, digests }: MovedImage): string {
  return names[0] ?? digests[0] ?? shortImageId(id)
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) {
    onBytes(piece.length)
    yield piece
  }
}

function differentId(id: string, engine: DockerEngine): DockerError {
  return new DockerError(`the image ${shortImageId(id)} has another id at ${engine.address} after it came over`, {
    hint: 'one of the engines keeps its images in containerd: push the image to a registry and pull it there, then migrate again',
  })
}
