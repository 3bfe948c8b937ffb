import type { JsonSchema } from '../json-schema.ts'
import type { SchemaForms } from '../schema-forms.ts'
import type { ReferenceLanguage } from './language.ts'

/** What may stand under a key, in a few words of Markdown. */
export function typeText(given: JsonSchema, schema: SchemaForms, { types }: ReferenceLanguage): string {
  /** A form that holds itself has no end. */
  const above = new Set<string>()
  return anyOf(given)

  function anyOf(given: JsonSchema): string {
    const { $ref } = given
    if ($ref === undefined) return [...new Set(words(given))].join(types.or)
    if (above.has($ref)) return types.anything
    above.add($ref)
    const text = [...new Set(words(given))].join(types.or)
    above.delete($ref)
    return text
  }

  function words(given: JsonSchema): string[] {
    const form = schema.resolve(given)
    if (form.writeOnly) return [types.secret]
    if (form.const !== undefined) return [literal(form.const)]
    if (form.enum) return form.enum.map(literal)
    const inner = [...(form.anyOf ?? []), ...(form.oneOf ?? [])].filter((one) => Object.keys(one).join() !== 'required')
    if (inner.length > 0 && !form.properties) return inner.flatMap(words)
    return [plain(form)]
  }

  function plain(form: JsonSchema): string {
    switch (form.type) {
      case 'string':
        return form.format === 'uri' ? types.url : types.text
      case 'integer':
        return types.wholeNumber + range(form)
      case 'number':
        return types.number + range(form)
      case 'boolean':
        return '`true`, `false`'
      case 'array':
        return types.listOf(form.items ? anyOf(form.items) : types.anything)
      case 'object':
        return form.properties ? types.map : types.names
      default:
        return types.anything
    }
  }
}

function literal(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

/** ` (1–65535)` */
function range({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined && maximum === undefined) return ''
  if (maximum === undefined) return ` (≥ ${minimum})`
  return minimum === undefined ? ` (≤ ${maximum})` : ` (${minimum}–${maximum})`
}
