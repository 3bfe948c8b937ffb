import { z } from 'zod'

/** The part of JSON Schema, draft 2020-12, that zod writes. */
export interface JsonSchema {
  readonly $schema?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly title?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly default?: unknown
  readonly deprecated?: boolean
  /** A secret: it may be written here, and is never shown. */
  readonly writeOnly?: boolean
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly propertyNames?: JsonSchema
  readonly items?: JsonSchema
  readonly prefixItems?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

/**
 * What may be written, as JSON Schema: for editors, the reference page, and to find keys and secrets. Examples and defaults
 * given with `.meta()` are of what is written, also where the schema makes something else of it.
 */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const written = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => tidy(jsonSchema, z.globalRegistry.get(zodSchema)),
  })
  return written as JsonSchema
}

/**
 * zod leaves out examples of what is transformed, for fear that they are of the result. It says what its own checks are
 * made of, where editors know other formats; and nobody needs the limits of a double.
 */
function tidy(schema: z.core.JSONSchema.BaseSchema, meta: z.core.GlobalMeta | undefined): void {
  if (Array.isArray(meta?.['examples'])) schema.examples = meta['examples'] as never
  if (meta?.['default'] !== undefined) schema.default = meta['default']
  if (schema.format === 'starts_with' || schema.format === 'ends_with' || schema.format === 'includes') {
    delete schema.format
  }
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
}
