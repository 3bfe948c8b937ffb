import { stringify } from 'yaml'
import { SchemaForms } from '../schema-forms.ts'
import type { ReferenceLanguage } from './language.ts'
import { type ReferenceKey, type ReferenceSection, referenceSections } from './sections.ts'
import { typeText } from './type-text.ts'

/** @param text a description in English @returns it in the language of the page */
export type Translate = (text: string) => string

/** The reference page of a stack file: every key with type, default, meaning and example. Markdown. */
export function referencePage(schema: SchemaForms, language: ReferenceLanguage, translate: Translate): string {
  const [top, ...sections] = referenceSections(schema)
  const parts = [
    language.introduction.trim(),
    `## ${language.headings.topLevel}`,
    ...(top ? bodyOf(top) : []),
    ...sections.flatMap((section) => [headingOf(section.path), ...bodyOf(section)]),
    ...secrets(),
  ]
  return `${parts.join('\n\n')}\n`

  function bodyOf({ description, keys, oneOf, example }: ReferenceSection): string[] {
    return [
      ...(description === undefined ? [] : [sentence(translate(description))]),
      ...(oneOf.length === 0 ? [] : [language.oneOf(oneOf.map(code))]),
      table(keys),
      ...(example === undefined ? [] : [`\`\`\`yaml\n${stringify(example, { lineWidth: 0 }).trim()}\n\`\`\``]),
    ]
  }

  function table(keys: readonly ReferenceKey[]): string {
    const { key, type, default: preset, meaning } = language.headings
    const rows = keys.map((one) => [
      code(one.name),
      typeText(one.form, schema, language),
      presetOf(one),
      meaningOf(one),
    ])
    const lines = [[key, type, preset, meaning], ['---', '---', '---', '---'], ...rows]
    return lines.map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n')
  }

  function presetOf({ form, isRequired }: ReferenceKey): string {
    if (isRequired) return language.required
    const value = form.default
    const isNothing = value === undefined || value === '' || (typeof value === 'object' && isEmpty(value))
    return isNothing ? '–' : code(inline(value))
  }

  function meaningOf({ form, section }: ReferenceKey): string {
    const description = form.description === undefined ? [] : [sentence(translate(form.description))]
    const [example] = form.writeOnly || section !== undefined ? [] : (form.examples ?? [])
    const shown = example === undefined ? [] : [language.example(code(inline(example)))]
    const link = section === undefined ? [] : [language.see(`[${code(section)}](#${anchor(section)})`)]
    return [...description, ...shown, ...link].join(language.space)
  }

  function secrets(): string[] {
    const secret = Object.values(schema.root.$defs ?? {}).find(({ writeOnly }) => writeOnly)
    if (!secret) return []
    const { writeOnly: _, ...form } = secret
    const [section] = referenceSections(new SchemaForms({ ...form, $defs: schema.root.$defs ?? {} }))
    return section ? [`## ${language.headings.secrets}`, ...bodyOf(section)] : []
  }
}

/**
 * The descriptions of a schema that its reference needs, and the paths of keys that have none and no section either that
 * would tell what they are for.
 */
export function referenceTexts(schema: SchemaForms, language: ReferenceLanguage): ReferenceTexts {
  const texts = new Set<string>()
  referencePage(schema, language, (text) => {
    texts.add(text)
    return text
  })
  const undescribed = referenceSections(schema).flatMap(({ path, keys }) =>
    keys
      .filter(({ form, section }) => form.description === undefined && section === undefined)
      .map(({ name }) => (path === '' ? name : `${path}.${name}`)),
  )
  return { texts: [...texts], undescribed }
}

export interface ReferenceTexts {
  readonly texts: readonly string[]
  readonly undescribed: readonly string[]
}

function headingOf(path: string): string {
  return `${path.includes('.') ? '###' : '##'} ${code(path)}`
}

/** As GitHub makes it of a heading. */
function anchor(path: string): string {
  return path
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim()
}

function code(text: string): string {
  return `\`${text}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Descriptions begin small and have no end, so that they can stand anywhere. */
function sentence(text: string): string {
  if (/[\u3040-\u30ff\u4e00-\u9fff]/.test(text)) return text.endsWith('。') ? text : `${text}。`
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.…]$/.test(text) ? '' : '.'}`
}

function isEmpty(value: object | null): boolean {
  return value === null || Object.keys(value).length === 0
}
