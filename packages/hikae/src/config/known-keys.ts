import { z } from 'zod'

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
}

/** The keys that a schema understands at a place, in its order. */
export function knownKeysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let forms: JsonSchema[] = [z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema]
  for (const step of path) forms = forms.flatMap(alternatives).flatMap((form) => below(form, step))
  return forms.flatMap(alternatives).flatMap(({ properties = {} }) => Object.keys(properties))
}

function alternatives(form: JsonSchema): readonly JsonSchema[] {
  return form.anyOf ?? [form]
}

function below({ properties, additionalProperties, items }: JsonSchema, step: PropertyKey): JsonSchema[] {
  const property = properties?.[String(step)]
  if (property) return [property]
  if (typeof step === 'number') return items ? [items] : []
  return typeof additionalProperties === 'object' ? [additionalProperties] : []
}
