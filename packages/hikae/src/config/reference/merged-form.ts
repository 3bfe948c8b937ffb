import type { JsonSchema } from '../json-schema.ts'
import type { SchemaForms } from '../schema-forms.ts'

/** A form with what its alternatives say put together as far as that can be done. */
export interface MergedForm extends JsonSchema {
  /** Keys of which exactly one is there. */
  readonly oneKeyOf: readonly string[]
  /** Forms that have to be told one by one, because no key tells them apart. */
  readonly variants?: readonly { readonly label: string; readonly form: JsonSchema }[]
}

/** `{ discord: … }` or `{ mail: … }` is one map with two keys of which one is there; a text beside it changes nothing. */
export function mergedForm(given: JsonSchema, schema: SchemaForms): MergedForm {
  const form = schema.resolve(given)
  const all = [...(form.anyOf ?? []), ...(form.oneOf ?? [])].map((inner) => schema.resolve(inner))
  const rules = all.filter((inner) => Object.keys(inner).every((key) => key === 'required'))
  const oneKeyOf = rules.flatMap(({ required = [] }) => required)
  const maps = all.filter((inner) => !rules.includes(inner) && hasContent(inner, schema))
  if (form.properties || maps.length === 0) return { ...form, oneKeyOf }
  const { anyOf: _, oneOf: __, ...own } = form
  if (maps.length === 1) return { ...mergedForm(maps[0]!, schema), ...own }
  const kinds = maps.map((map) => keyOfKind(map, maps))
  if (maps.some(wordOf) || kinds.some((kind) => kind === undefined))
    return { ...own, oneKeyOf: [], variants: variantsOf(maps) }
  const required = (maps[0]!.required ?? []).filter((key) => maps.every((map) => map.required?.includes(key)))
  return {
    ...own,
    properties: Object.fromEntries(maps.flatMap(({ properties = {} }) => Object.entries(properties))),
    required,
    oneKeyOf: kinds.flatMap((kind) => kind ?? []),
  }
}

function hasContent(form: JsonSchema, schema: SchemaForms): boolean {
  return schema
    .alternatives(form)
    .some(({ properties, items, additionalProperties }) => properties ?? items ?? isForm(additionalProperties))
}

function isForm(form: JsonSchema | boolean | undefined): boolean {
  return typeof form === 'object'
}

/** The one key that this map needs and no other map has. */
function keyOfKind(map: JsonSchema, maps: readonly JsonSchema[]): string | undefined {
  const others = maps.filter((other) => other !== map)
  const own = (map.required ?? []).filter((key) =>
    others.every(({ properties = {} }) => !Object.hasOwn(properties, key)),
  )
  return own.length === 1 ? own[0] : undefined
}

/** By the word that tells them apart, else by number. */
function variantsOf(maps: readonly JsonSchema[]): { label: string; form: JsonSchema }[] {
  return maps.map((form, index) => ({ label: wordOf(form) ?? form.title ?? String(index + 1), form }))
}

/** `kind: disk`, of a map in which that key can have no other value. */
function wordOf({ properties = {} }: JsonSchema): string | undefined {
  const found = Object.entries(properties).find(([, { const: value }]) => value !== undefined)
  return found && `${found[0]}: ${String(found[1].const)}`
}
