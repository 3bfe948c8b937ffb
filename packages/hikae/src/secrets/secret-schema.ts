import { z } from 'zod'
import type { SecretReference } from './secret.ts'

const reference = z
  .strictObject({
    env: z
      .string()
      .min(1)
      .optional()
      .describe('the name of a variable of the environment')
      .meta({ examples: ['HIKAE_PASSWORD'] }),
    file: z
      .string()
      .min(1)
      .optional()
      .describe('a file that holds the secret and nothing else; white space around it does not count')
      .meta({ examples: ['/etc/hikae/password'] }),
    command: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('a program and its arguments, run without a shell, that prints the secret')
      .meta({ examples: [['pass', 'show', 'hikae']] }),
  })
  .superRefine((given, context) => {
    const count = Object.values(given).filter((value) => value !== undefined).length
    const message = 'one of env, file and command says where the secret is'
    if (count !== 1) context.addIssue({ code: 'custom', params: { absent: count === 0 }, message })
  })
  .meta({ oneOf: ['env', 'file', 'command'].map((key) => ({ required: [key] })) })

/**
 * `{ env: NAME }`, `{ file: path }`, `{ command: [program, argument…] }`; a plain text works, with a warning.
 *
 * `writeOnly` is what secrets are known by wherever they stand in a schema: `config show` masks what is there.
 */
export const secretSchema = z
  .union([z.string().min(1), reference])
  .transform((given): SecretReference => {
    if (typeof given === 'string') return { kind: 'literal', value: given }
    if (given.env !== undefined) return { kind: 'env', name: given.env }
    if (given.file !== undefined) return { kind: 'file', path: given.file }
    return { kind: 'command', command: given.command! }
  })
  .meta({
    id: 'secret',
    description: 'where a secret is: in a variable, in a file, or printed by a program',
    writeOnly: true,
    examples: [{ file: '/etc/hikae/password' }],
  })
