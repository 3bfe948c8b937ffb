import { z } from 'zod'
import { nameSchema } from './name-schema.ts'

/** What the stack file has to know of a kind of source. */
export interface ConfigurableKind {
  /** The key under which its configuration stands. */
  readonly name: string
  readonly config: z.ZodType
}

/** A source of the stack file: what is common to all, and what its kind's schema made of the rest. */
export type ConfiguredSource<Common> = Common & { readonly kind: string; readonly config: unknown }

/**
 * `sources:`, a map of names to sources. Each has exactly one key that names its kind, with the kind's configuration under
 * it, and beside it keys that mean the same for every kind.
 *
 * @param common these keys
 * @throws {TypeError} a kind has a name that is taken, or is content with no configuration at all, so that nobody could
 *   tell whether it is meant
 */
export function sourcesSchema<Common extends z.ZodObject>(kinds: readonly ConfigurableKind[], common: Common) {
  refuseUnusable(kinds, common)
  const names = kinds.map(({ name }) => name)
  const byKind = Object.fromEntries(kinds.map(({ name, config }) => [name, config.optional()]))
  const oneOf = names.map((name) => ({ required: [name] }))
  const source = z
    .strictObject({ ...byKind, ...common.shape })
    .meta(oneOf.length === 0 ? {} : { oneOf })
    .transform((given: Record<string, unknown>, context): ConfiguredSource<z.output<Common>> => {
      const found = names.filter((name) => given[name] !== undefined)
      const [kind] = found
      if (kind === undefined || found.length > 1) {
        const absent = found.length === 0
        const there = absent ? 'none is there' : `there are ${found.join(' and ')}`
        context.addIssue({
          code: 'custom',
          params: { absent },
          message: `a source is one of ${names.join(', ')}: ${there}`,
        })
        return z.NEVER
      }
      const rest = Object.entries(given).filter(([key]) => key !== kind)
      return { ...(Object.fromEntries(rest) as z.output<Common>), kind, config: given[kind] }
    })
  return z.record(nameSchema, source)
}

function refuseUnusable(kinds: readonly ConfigurableKind[], { shape }: z.ZodObject): void {
  const taken = ['kind', 'config', ...Object.keys(shape)]
  for (const { name, config } of kinds) {
    if (taken.includes(name)) throw new TypeError(`a kind of source cannot be called '${name}'`)
    if (config.safeParse(undefined).success) throw new TypeError(`the kind '${name}' has to ask for a configuration`)
    taken.push(name)
  }
}
