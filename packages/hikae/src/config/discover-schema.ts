import { z } from 'zod'
import { engineSchema } from '../docker/engine-schema.ts'

/** `discover:`, by which containers bring sources with them. */
export const discoverSchema = z
  .strictObject({
    engine: engineSchema,
    job: z
      .string()
      .min(1)
      .optional()
      .describe(
        'the job that saves a source whose label `hikae.source.NAME.job` names none; not needed with one job, or with a job without `sources:`, which takes all of these',
      )
      .meta({ examples: ['nightly'] }),
    gone: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'sources whose containers are gone for good: nobody waits for them any more; their snapshots stay, and can be restored',
      )
      .meta({ examples: [['old-shop']] }),
  })
  .describe(
    'containers bring sources with them, in their labels `hikae.source.NAME.kind=…`: they are looked for at the beginning of each run',
  )

export type Discover = z.output<typeof discoverSchema>
