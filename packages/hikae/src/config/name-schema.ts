import { z } from 'zod'

/** Names are used on the command line and in file names. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][\w.-]*$/i, { error: 'a name has letters, digits, dots, dashes and underscores' })
