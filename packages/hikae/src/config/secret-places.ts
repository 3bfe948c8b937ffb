import type { JsonSchema } from './json-schema.ts'
import type { SchemaForms } from './schema-forms.ts'
import { soundsSecret } from './secret-name.ts'
import { isTree } from './tree.ts'

/** Paths of a tree at which the schema expects a secret: whatever is there is looked at no further. */
export function secretPlaces(tree: unknown, schema: SchemaForms): PropertyKey[][] {
  return visit(tree, schema.at([]), [])

  function visit(value: unknown, forms: readonly JsonSchema[], path: PropertyKey[]): PropertyKey[][] {
    if (isSecret(value, forms, path)) return [path]
    const inner: (readonly [PropertyKey, unknown])[] = Array.isArray(value)
      ? [...value.entries()]
      : Object.entries(isTree(value) ? value : {})
    return inner.flatMap(([step, item]) => visit(item, schema.below(forms, step), [...path, step]))
  }
}

/** Where a text may stand as well as a secret, as among variables of a program, the name tells which of them a text is. */
function isSecret(value: unknown, forms: readonly JsonSchema[], path: readonly PropertyKey[]): boolean {
  if (!forms.some(({ writeOnly }) => writeOnly)) return false
  const mayBePlain = forms.some(({ writeOnly, type }) => !writeOnly && type === 'string')
  return typeof value !== 'string' || !mayBePlain || soundsSecret(String(path.at(-1)))
}
