import { bytesOfText, isAscii, runeAt } from '../json/byte-string.ts'

/**
 * A byte string in lower case, one character at a time as restic does it: `İ` becomes `i` and `Σ` always `σ`. Bytes
 * that are not UTF-8 stay as they are.
 */
export function lowerCase(bytes: string): string {
  if (isAscii(bytes)) return bytes.toLowerCase()
  let lower = ''
  for (let offset = 0; offset < bytes.length;) {
    const { codePoint, width } = runeAt(bytes, offset)
    lower += codePoint < 0 ? bytes.charAt(offset) : lowerCharacter(codePoint)
    offset += width
  }
  return lower
}

function lowerCharacter(codePoint: number): string {
  const [first = ''] = String.fromCodePoint(codePoint).toLowerCase()
  return bytesOfText(first)
}
