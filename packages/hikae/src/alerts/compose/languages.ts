import type { Language } from './message.ts'
import type { Words } from './words.ts'
import { english } from './words-en.ts'
import { japanese } from './words-ja.ts'

const LANGUAGES: Readonly<Record<Language, Words>> = { en: english, ja: japanese }

export function wordsOf(language: Language): Words {
  return LANGUAGES[language]
}
