import { nearest } from '../../nearest.ts'
import { UsageError } from '../../errors.ts'

/** Accepts one of `words`. */
export function oneOf<const Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    const close = nearest(text, words)
    throw new UsageError(`'${text}' is not one of ${words.join(', ')}`, close ? { hint: `did you mean ${close}?` } : {})
  }
}

/** Accepts `words` separated by commas; the empty text is none of them. */
export function someOf<const Word extends string>(words: readonly Word[]): (text: string) => Word[] {
  const parseWord = oneOf(words)
  return (text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '')
      .map((word) => parseWord(word))
}
