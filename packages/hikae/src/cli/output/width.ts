const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const COMBINING = /^\p{M}$/u
const ASCII = /^[\x20-\x7e]*$/

/** Columns that visible text takes on a terminal. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

function characterWidth(character: string): number {
  if (COMBINING.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** `text`, filled up with spaces to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text
}

/** The beginning of `text` that fits into `width` columns, with an ellipsis when something is missing. */
export function truncateEnd(text: string, width: number): string {
  return displayWidth(text) <= width ? text : `${takeColumns(text, width - 1).join('')}…`
}

/** The end of `text` that fits: of a path, the part that tells. */
export function truncateStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  const reversed = Array.from(text).toReversed().join('')
  return `…${takeColumns(reversed, width - 1)
    .toReversed()
    .join('')}`
}

function takeColumns(text: string, width: number): string[] {
  const taken: string[] = []
  let used = 0
  for (const character of text) {
    used += characterWidth(character)
    if (used > width) break
    taken.push(character)
  }
  return taken
}
