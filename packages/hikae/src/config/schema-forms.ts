import type { z } from 'zod'
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts'

/** What a schema says about the places of a value, whatever unions and references it is made of. */
export class SchemaForms {
  readonly root: JsonSchema

  constructor(schema: z.ZodType | JsonSchema) {
    this.root = '_zod' in schema ? jsonSchemaOf(schema) : schema
  }

  /** The same with what it refers to in place. */
  resolve(form: JsonSchema): JsonSchema {
    const { $ref, ...own } = form
    if ($ref === undefined) return form
    const target = $ref === '#' ? this.root : (this.root.$defs?.[$ref.replace(/^#\/\$defs\//, '')] ?? {})
    return { ...this.resolve(target), ...own }
  }

  /** The forms that a value may have there: of a union all, and the union itself. All forms of a secret are secret. */
  alternatives(form: JsonSchema): JsonSchema[] {
    const resolved = this.resolve(form)
    const { anyOf = [], oneOf = [], allOf = [], writeOnly } = resolved
    const inner = [...anyOf, ...oneOf, ...allOf].flatMap((one) => this.alternatives(one))
    return [resolved, ...(writeOnly ? inner.map((one) => ({ ...one, writeOnly })) : inner)]
  }

  /** The forms of a key or an item of any of these. */
  below(forms: readonly JsonSchema[], step: PropertyKey): JsonSchema[] {
    return forms.flatMap((form) => belowOne(form, step)).flatMap((form) => this.alternatives(form))
  }

  at(path: readonly PropertyKey[]): JsonSchema[] {
    return path.reduce<JsonSchema[]>((forms, step) => this.below(forms, step), this.alternatives(this.root))
  }

  /** The keys that are understood at a place, in the schema's order. */
  keysAt(path: readonly PropertyKey[]): string[] {
    return [...new Set(this.at(path).flatMap(({ properties = {} }) => Object.keys(properties)))]
  }
}

function belowOne({ properties, additionalProperties, items, prefixItems }: JsonSchema, step: PropertyKey) {
  if (typeof step === 'number') return prefixItems?.[step] ?? items ?? []
  const name = String(step)
  if (properties && Object.hasOwn(properties, name)) return properties[name]!
  return typeof additionalProperties === 'object' ? additionalProperties : []
}
