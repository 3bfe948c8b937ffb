/** `a,b`: the tags a and b. */
export function parseTags(text: string): string[] {
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
}

/** As {@link parseTags}, but the empty text stands for "no tags at all", which the engine's filter writes as `['']`. */
export function parseTagFilter(text: string): string[] {
  return text.trim() === '' ? [''] : parseTags(text)
}
