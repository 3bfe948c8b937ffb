import type { JsonSchema } from '../json-schema.ts'
import type { SchemaForms } from '../schema-forms.ts'
import { mergedForm } from './merged-form.ts'

/** A key of the stack file. */
export interface ReferenceKey {
  readonly name: string
  readonly form: JsonSchema
  readonly isRequired: boolean
  /** Path of the section that tells what is under it. */
  readonly section?: string
}

/** A map of the stack file with keys of its own. */
export interface ReferenceSection {
  /** `repositories.NAME.s3`, in which NAME is any name, and `[]` an item of a list; empty for the file itself. */
  readonly path: string
  readonly description?: string
  readonly keys: readonly ReferenceKey[]
  /** Exactly one of these keys is there. */
  readonly oneOf: readonly string[]
  /** As it may stand in the file, from the last key of the path on. */
  readonly example?: unknown
}

/** The sections of the reference: a map before what is under its keys. */
export function referenceSections(schema: SchemaForms): ReferenceSection[] {
  return sectionsBelow(schema.root, { path: '', refs: [] }, schema)
}

/** What is known of a place from what is above it. */
interface Place extends Pick<ReferenceSection, 'path' | 'description' | 'example'> {
  /** What the forms above refer to: a form that holds itself is told once. */
  readonly refs: readonly string[]
}

function sectionsBelow(given: JsonSchema, above: Place, schema: SchemaForms): ReferenceSection[] {
  const { $ref } = given
  const form = mergedForm(given, schema)
  if (form.writeOnly || ($ref !== undefined && above.refs.includes($ref))) return []
  const place = $ref === undefined ? above : { ...above, refs: [...above.refs, $ref] }
  if (form.variants) {
    return form.variants.flatMap(({ label, form }) =>
      sectionsBelow(form, { ...place, path: `${place.path} (${label})` }, schema),
    )
  }
  const { items, additionalProperties } = form
  const own = form.properties ? [sectionOf(form, place, schema)] : []
  const inner = Object.entries(form.properties ?? {}).flatMap(([name, property]) =>
    sectionsBelow(property, placeOfKey(name, property, place, schema), schema),
  )
  const ofItems = items ? sectionsBelow(items, { ...place, path: `${place.path}[]` }, schema) : []
  const ofNames =
    typeof additionalProperties === 'object'
      ? sectionsBelow(additionalProperties, { ...place, path: join(place.path, 'NAME') }, schema)
      : []
  return [...own, ...inner, ...ofItems, ...ofNames]
}

function sectionOf(form: ReturnType<typeof mergedForm>, place: Place, schema: SchemaForms): ReferenceSection {
  const { properties = {}, required = [] } = form
  const keys = Object.entries(properties).map(([name, property]): ReferenceKey => {
    const [section] = sectionsBelow(property, { path: join(place.path, name), refs: place.refs }, schema)
    return {
      name,
      form: schema.resolve(property),
      isRequired: required.includes(name),
      ...(section ? { section: section.path } : {}),
    }
  })
  const description = place.description ?? form.description
  return {
    path: place.path,
    keys,
    oneOf: form.oneKeyOf,
    ...(description === undefined ? {} : { description }),
    ...(place.example === undefined ? {} : { example: place.example }),
  }
}

function placeOfKey(name: string, property: JsonSchema, { path, refs }: Place, schema: SchemaForms): Place {
  const { description } = schema.resolve(property)
  const [example] = schema.alternatives(property).flatMap(({ examples = [] }) => examples.filter(isCollection))
  return {
    path: join(path, name),
    refs,
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { example: { [name]: example } }),
  }
}

function isCollection(example: unknown): boolean {
  return typeof example === 'object' && example !== null
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
