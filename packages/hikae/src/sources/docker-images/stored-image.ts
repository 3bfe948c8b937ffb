import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'
import type { ImageFacts } from './image-facts.ts'
import { layersInConfig } from './layers/config-layers.ts'
import { digested, digestOf } from './layers/digest.ts'
import { joinLayer } from './layers/join-layer.ts'
import { shortImageId } from './reference.ts'
import { CONFIG_FILE, CONTENT_FILE, HEADERS_FILE, imagePath, layerPath } from './stored-paths.ts'

/**
 * The archive of a layer as the engine gave it.
 *
 * @throws {InputError} at its end, when it is not what its digest says @throws what reading the point throws
 */
export async function* storedLayer(point: SourcePoint, digest: string): AsyncGenerator<Uint8Array, void, undefined> {
  const archive = digested(
    joinLayer(shortImageId(digest), {
      headers: point.content(layerPath(digest, HEADERS_FILE)),
      content: point.content(layerPath(digest, CONTENT_FILE)),
    }),
  )
  yield* archive
  if (archive.digest() !== digest) throw damaged(`the layer ${shortImageId(digest)}`, archive.digest())
}

/** @throws {InputError} it is not what the image's id says @throws what reading the point throws */
export async function storedConfig(point: SourcePoint, { id, layers }: ImageFacts): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of point.content(imagePath(id, CONFIG_FILE))) parts.push(part)
  const config = Buffer.concat(parts)
  if (digestOf(config) !== id) throw damaged(`the configuration of the image ${shortImageId(id)}`, digestOf(config))
  if (layersInConfig(config).join() === layers.join()) return config
  throw new InputError(`the image ${shortImageId(id)} is stored with other layers than its configuration names`, {
    hint: 'choose another recovery point',
  })
}

function damaged(what: string, found: string): InputError {
  return new InputError(`${what} in the repository is not what was saved: its digest is ${found}`, {
    hint: 'run `hikae check --read-data` on the repository, and use another recovery point',
  })
}
