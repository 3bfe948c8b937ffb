import type { JsonSchema } from './json-schema.ts'
import type { SchemaForms } from './schema-forms.ts'
import { isTree } from './tree.ts'

/** Paths of a tree at which the schema expects a secret: whatever is there is looked at no further. */
export function secretPlaces(tree: unknown, schema: SchemaForms): PropertyKey[][] {
  return visit(tree, schema.at([]), [])

  function visit(value: unknown, forms: readonly JsonSchema[], path: PropertyKey[]): PropertyKey[][] {
    if (forms.some(({ writeOnly }) => writeOnly)) return [path]
    const inner: (readonly [PropertyKey, unknown])[] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries(isTree(value) ? value : {})
    return inner.flatMap(([step, item]) => visit(item, schema.below(forms, step), [...path, step]))
  }
}
