import { isUtf8 } from 'node:buffer'

/**
 * Byte strings are JavaScript strings with one character per byte (latin1). File names and encoded trees are held so: they
 * compare like memcmp, survive any content, and cost one byte per character.
 */

// eslint-disable-next-line no-control-regex
const ASCII = /^[\0-\x7f]*$/

/** Whether text and byte string are the same thing. */
export function isAscii(text: string): boolean {
  return ASCII.test(text)
}

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function bytesOfText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** The text of UTF-8 bytes; undefined when they are not valid UTF-8. */
export function textOfBytes(bytes: string): string | undefined {
  if (isAscii(bytes)) return bytes
  const buffer = Buffer.from(bytes, 'latin1')
  return isUtf8(buffer) ? buffer.toString('utf8') : undefined
}

/** What stands at one place of a byte string: a code point and the bytes it takes, or one byte that is not UTF-8. */
export interface Rune {
  /** -1: the byte does not begin a valid sequence. */
  readonly codePoint: number
  readonly width: number
}

/**
 * Decodes strictly: no surrogates, no overlong forms, nothing above U+10FFFF. Unlike TextDecoder, which joins the bytes of
 * a broken sequence, each undecodable byte stands for itself.
 */
export function runeAt(bytes: string, index: number): Rune {
  const first = bytes.charCodeAt(index)
  if (first < 0x80) return { codePoint: first, width: 1 }
  const width = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (width === 0 || index + width > bytes.length) return INVALID
  let codePoint = first & (0xff >> (width + 1))
  for (let offset = 1; offset < width; offset++) {
    const next = bytes.charCodeAt(index + offset)
    if (next >> 6 !== 0b10) return INVALID
    codePoint = (codePoint << 6) | (next & 0x3f)
  }
  const overlong = codePoint < SMALLEST[width]
  const surrogate = codePoint >= 0xd800 && codePoint < 0xe000
  return overlong || surrogate || codePoint > 0x10ffff ? INVALID : { codePoint, width }
}

const INVALID: Rune = { codePoint: -1, width: 1 }
const SMALLEST = [0, 0, 0x80, 0x800, 0x1_0000] as const
