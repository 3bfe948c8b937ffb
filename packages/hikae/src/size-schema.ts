import { z } from 'zod'
import { errorMessage } from './errors.ts'
import { parseSize } from './size.ts'

/** A number of bytes, or `64K`, `5M`, `1.5G` in the stack file. */
export const sizeSchema = z.union([z.number().positive(), z.string().min(1)]).transform((given, context) => {
  try {
    return parseSize(String(given))
  } catch (error) {
    context.addIssue({ code: 'custom', message: errorMessage(error) })
    return z.NEVER
  }
})
