import { z } from 'zod'
import { durationSchema } from '../../duration.ts'

const MINUTE_MS = 60_000

const program = z.array(z.string().min(1)).min(1)

/** How the containers that use what is read are made to hold still. */
export const quiesceSchema = z
  .union([
    z.enum(['stop', 'pause', 'none']),
    z.strictObject({
      exec: z
        .strictObject({
          container: z
            .string()
            .min(1)
            .optional()
            .describe('name of the container in which they run; by default each one that uses what is read'),
          before: program.describe(
            'the program that makes it hold still, and each of its arguments; no shell in between',
          ),
          after: program.describe('the program that lets it go on, run whatever happens, also when `before` failed'),
          timeout: durationSchema.default(MINUTE_MS).describe('each of them has failed when it takes longer'),
        })
        .describe('run programs in the container before and after'),
    }),
  ])
  .describe(
    'what is done to the containers that use it while it is read: `stop` them (a consistent copy), `pause` them (as after a loss of power), run programs in them with `exec`, or `none`',
  )

export type Quiesce = z.output<typeof quiesceSchema>
