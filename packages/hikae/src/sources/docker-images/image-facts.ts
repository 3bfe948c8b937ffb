import { z } from 'zod'
import { InputError } from '../../errors.ts'
import type { SourcePoint } from '../source-point.ts'

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)

const imageFacts = z.object({
  id: digest,
  tags: z.array(z.string()),
  /** By which a registry knows it; no restore brings them back. */
  digests: z.array(z.string()),
  architecture: z.string(),
  os: z.string(),
  created: z.string(),
  /** Unpacked. */
  sizeBytes: z.int(),
  /** The lowest first; one may occur twice. */
  layers: z.array(digest),
  /** Names of those that used it. */
  containers: z.array(z.string()),
})

const layerFacts = z.object({ digest, bytes: z.int() })

const imagesFacts = z.object({
  engineVersion: z.string(),
  images: z.array(imageFacts),
  /** Each once, with the size of its archive. */
  layers: z.array(layerFacts),
})

export type ImageFacts = z.output<typeof imageFacts>
export type ImagesFacts = z.output<typeof imagesFacts>

/** @throws {InputError} the point is of another make, or lacks something of an image that it lists */
export async function factsOf(point: SourcePoint): Promise<ImagesFacts> {
  const parsed = imagesFacts.safeParse(point.facts)
  if (!parsed.success) {
    throw new InputError('the point does not say which images are in it', {
      hint: 'it is of another kind, or of a later version of Hikae; its files can be had with `hikae restore SNAPSHOT --target DIR`',
      cause: parsed.error,
    })
  }
  const { images, layers } = parsed.data
  const sized = new Set(layers.map(({ digest }) => digest))
  const lacking = images.find((image) => image.layers.some((layer) => !sized.has(layer)))
  if (lacking) throw new InputError(`the point does not say how large the layers of the image ${lacking.id} are`)
  return parsed.data
}
