import { z } from 'zod'
import { engineSchema } from '../../docker/engine-schema.ts'

const reference = z.string().regex(/^[\w.:/@*?-]+$/, {
  error: 'names of images have letters, digits, `.`, `_`, `-`, `/`, `:` and `@`; `*` and `?` stand for parts of them',
})

const fields = z.strictObject({
  engine: engineSchema,
  references: z
    .array(reference)
    .min(1)
    .optional()
    .describe(
      'Images by name (`app:1`, `ghcr.io/me/app@sha256:…`), by id, or by pattern: `*` and `?` stand for parts of a name without `/`, `**` for any part. A name without a tag means `latest`, as Docker has it; a pattern without one means all tags. What `references` and `inUse` mean is added up.',
    )
    .meta({ examples: [['shop-*', 'ghcr.io/me/**']] }),
  inUse: z
    .boolean()
    .default(false)
    .describe('All images that containers use, also those of containers that are stopped.'),
  exclude: z
    .array(reference)
    .default([])
    .describe('Names and patterns of images that are left out; an image with several names only when all of them are.'),
})

/** What may stand under `docker-images:`. */
export const dockerImagesConfig = fields.superRefine(({ references, inUse }, check) => {
  if (references !== undefined || inUse) return
  check.addIssue({ code: 'custom', message: 'references, or `inUse: true`, say which images are meant' })
})

export type DockerImagesConfig = z.output<typeof fields>

/** On one line. */
export function describeImages({ references = [], inUse }: DockerImagesConfig): string {
  return [...references, ...(inUse ? ['all in use'] : [])].join(', ')
}
