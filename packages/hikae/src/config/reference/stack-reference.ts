import { stackForms } from '../schema.ts'
import { english } from './english.ts'
import { japanese } from './japanese.ts'
import { referencePage, referenceTexts } from './page.ts'

/** English descriptions of the schema, and what they are in Japanese. */
export type Descriptions = Readonly<Record<string, string>>

/** The reference of the stack file as it should be. */
export interface StackReference {
  readonly english: string
  /** With the English text where there is no translation. */
  readonly japanese: string
  /** What keeps it from being whole, a line each. */
  readonly problems: readonly string[]
}

export function stackReference(descriptions: Descriptions, schema = stackForms()): StackReference {
  const { texts, undescribed } = referenceTexts(schema, english)
  const missing = texts.filter((text) => !descriptions[text])
  const stale = Object.keys(descriptions).filter((text) => !texts.includes(text))
  return {
    english: referencePage(schema, english, (text) => text),
    japanese: referencePage(schema, japanese, (text) => descriptions[text] || text),
    problems: [
      ...undescribed.map((key) => `${key} has no description: add .describe() to its schema`),
      ...missing.map((text) => `not translated: ${text}`),
      ...stale.map((text) => `translated, but nowhere in the schema any more: ${text}`),
    ],
  }
}
