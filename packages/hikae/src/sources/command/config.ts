import { z } from 'zod'
import { durationSchema } from '../../duration.ts'
import { secretSchema } from '../../secrets/secret-schema.ts'

const program = z
  .array(z.string())
  .min(1)
  .refine(([name]) => name !== '', { error: 'the program has no name' })

const fileName = z
  .string()
  .min(1)
  .refine((name) => !/[/\0]/.test(name) && !['.', '..', '.hikae'].includes(name), {
    error: 'this is a file name, without a folder',
  })

/** What may stand under `command:`. */
export const commandConfig = z.strictObject({
  run: program.describe('The program and each of its arguments, without a shell; what it prints is saved.'),
  name: fileName.default('output').describe('What the saved file is called, such as `dump.sql`.'),
  env: z
    .record(z.string().regex(/^[^=\0]+$/), z.union([z.string(), secretSchema]))
    .default({})
    .describe('Variables for the programs, besides those that hikae has: texts, or where a secret is.'),
  cwd: z.string().min(1).optional().describe("Where the programs run; the stack file's folder by default."),
  chunk: z
    .enum(['standard', 'fine'])
    .default('fine')
    .describe('How finely the output is cut: `fine` stores less of a dump that changes a little each time.'),
  timeout: durationSchema.optional().describe('How long `run` may take before it is stopped, and the backup fails.'),
  mayBeEmpty: z.boolean().default(false).describe('Whether it is right when nothing is printed.'),
  restore: program.optional().describe('A program that takes the saved output on its standard input and restores it.'),
  verify: program
    .optional()
    .describe('A program that takes the saved output on its standard input and ends with 0 when it is good.'),
})

export type CommandConfig = z.output<typeof commandConfig>
