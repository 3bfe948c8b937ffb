/** Error messages quote names of files: those may hold line breaks, escapes and characters that reorder text. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu

/** The text as one line that looks like what it is. */
export function oneLine(text: string): string {
  return text.replace(UNSAFE, ' ').trim()
}

/** At most so many UTF-16 units, with `…` where something is missing; never half a character. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text
  const end = /[\uD800-\uDBFF]/.test(text[limit - 2] ?? '') ? limit - 2 : limit - 1
  return limit < 1 ? '' : `${text.slice(0, Math.max(0, end))}…`
}
