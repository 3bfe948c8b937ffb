import { z } from 'zod'
import { repositorySchema } from './repository-schema.ts'

/** Names are used on the command line and in file names. */
const name = z
  .string()
  .regex(/^[a-z0-9][\w.-]*$/i, { error: 'a name has letters, digits, dots, dashes and underscores' })

/** The whole of `hikae.yaml`. */
export const stackSchema = z.strictObject({
  version: z.literal(1, { error: 'this version of Hikae reads version: 1' }),
  stack: name.optional(),
  repositories: z.record(name, repositorySchema).default({}),
})

export type StackConfig = z.output<typeof stackSchema>
