import { runeAt, textOfBytes } from './byte-string.ts'

// A surrogate may be half of a pair or alone; the slow road below tells.
// eslint-disable-next-line no-control-regex
const UNUSUAL = /[\0-\x1f"\\<>&\u2028\u2029\ud800-\udfff]/
// eslint-disable-next-line no-control-regex
const ESCAPED = /[\0-\x1f"\\<>&\u2028\u2029]|\p{Surrogate}/gu

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

const REPLACEMENT = '\\ufffd'

/**
 * A string as JSON, with the escapes that Go's encoder makes and JSON.stringify does not (§11): `<`, `>`, `&`, U+2028 and
 * U+2029. A lone surrogate, which is no character, becomes `\ufffd`.
 *
 * @returns JavaScript text, with its quotes; other characters are left as they are
 */
export function encodeGoString(text: string): string {
  return UNUSUAL.test(text) ? `"${text.replace(ESCAPED, escapeCharacter)}"` : `"${text}"`
}

/** As {@link encodeGoString} for a byte string that should be UTF-8; each byte that is not becomes `\ufffd`. */
export function encodeGoBytes(bytes: string): string {
  const text = textOfBytes(bytes)
  if (text !== undefined) return encodeGoString(text)
  let json = '"'
  for (let index = 0; index < bytes.length;) {
    const { codePoint, width } = runeAt(bytes, index)
    json += codePoint < 0 ? REPLACEMENT : String.fromCodePoint(codePoint).replace(ESCAPED, escapeCharacter)
    index += width
  }
  return `${json}"`
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character]
  if (short !== undefined) return short
  const code = character.charCodeAt(0)
  return code >= 0xd800 ? REPLACEMENT : `\\u${code.toString(16).padStart(4, '0')}`
}
