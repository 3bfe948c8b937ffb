import { z } from 'zod'
import type { SecretReference } from './secret.ts'

const reference = z
  .strictObject({
    env: z.string().min(1).optional(),
    file: z.string().min(1).optional(),
    command: z.array(z.string()).min(1).optional(),
  })
  .refine((given) => Object.values(given).filter((value) => value !== undefined).length === 1, {
    error: 'one of env, file and command says where the secret is',
  })

/** `{ env: NAME }`, `{ file: path }`, `{ command: [program, argument…] }`; a plain text works, with a warning. */
export const secretSchema = z.union([z.string().min(1), reference]).transform((given): SecretReference => {
  if (typeof given === 'string') return { kind: 'literal', value: given }
  if (given.env !== undefined) return { kind: 'env', name: given.env }
  if (given.file !== undefined) return { kind: 'file', path: given.file }
  return { kind: 'command', command: given.command! }
})
