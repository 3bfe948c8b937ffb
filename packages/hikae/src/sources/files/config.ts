import { z } from 'zod'
import { errorMessage } from '../../errors.ts'
import { parseSize } from '../../size.ts'
import { filesAssertionSchema } from './files-assertion.ts'

const path = z
  .string()
  .min(1)
  .refine((text) => !text.includes('\0'), { error: 'a path has no zero byte' })
const patterns = z.array(z.string().min(1)).default([])

const size = z.union([z.int().positive(), z.string().min(1)]).transform((given, context) => {
  try {
    return parseSize(String(given))
  } catch (error) {
    context.addIssue({ code: 'custom', message: errorMessage(error) })
    return z.NEVER
  }
})

/** What may stand under `files:`. */
export const filesConfig = z.strictObject({
  paths: z
    .array(path)
    .min(1)
    .describe(
      "Files and folders; relative ones begin at the stack file's folder. `*`, `?`, `[a-z]` and `[^a-z]` stand for parts of names; `~` stands for itself.",
    ),
  include: patterns.describe(
    'Of what is below the paths, only the files that one of these patterns means, and the folders they are in.',
  ),
  exclude: patterns.describe('Patterns of what is left out, as `restic --exclude` has them.'),
  excludeIfPresent: patterns.describe('Leave out what lies beside a file of this name, or `NAME:HEADER`.'),
  excludeCaches: z.boolean().default(false).describe('Leave out what lies beside a `CACHEDIR.TAG`.'),
  excludeLargerThan: size.optional().describe('Leave out files that are larger, such as `500M`.'),
  oneFileSystem: z.boolean().default(false).describe('Stay on the file systems of the paths.'),
  verify: z
    .array(filesAssertionSchema)
    .default([])
    .describe('What has to be in a point when its restore is rehearsed.'),
  chunk: z
    .enum(['standard', 'fine'])
    .default('standard')
    .describe('How finely files are cut: `fine` for large files that change a little everywhere, such as databases.'),
})

export type FilesConfig = z.output<typeof filesConfig>
