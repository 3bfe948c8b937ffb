import { DamagedError } from '../errors.ts'
import { bytesOfText, runeAt, textOfBytes } from './byte-string.ts'
import { isPrintable } from './printable.ts'

const NEEDS_NOTHING = /^[ !#-[\]-~]*$/
const UNQUOTED = /[\\"\n]/

/** By code: what a name's control characters, quotes and backslashes become. */
const SHORT_ESCAPES = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0b, '\\v'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
])
const MEANINGS = new Map([...SHORT_ESCAPES].map(([code, escape]) => [escape.slice(1), String.fromCharCode(code)]))

/**
 * Quotes a file name as Go's strconv.Quote does, without the quotes around it (§11). What is not printable, or not UTF-8,
 * is written as an escape, so that every name survives JSON.
 *
 * @param name raw bytes as latin1
 * @returns text: not yet escaped for JSON
 */
export function quoteName(name: string): string {
  if (NEEDS_NOTHING.test(name)) return name
  const text = textOfBytes(name)
  if (text !== undefined && isPlain(text)) return text
  let quoted = ''
  for (let index = 0; index < name.length;) {
    const { codePoint, width } = runeAt(name, index)
    quoted += codePoint < 0 ? hexEscape(name.charCodeAt(index)) : quoteCharacter(codePoint)
    index += width
  }
  return quoted
}

/** Whether a text stands for itself inside quotes. */
export function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const codePoint = text.codePointAt(index)!
    if (codePoint !== 0x20 && !isPrintable(codePoint)) return false
    if (codePoint === 0x22 || codePoint === 0x5c) return false
    if (codePoint > 0xffff) index++
  }
  return true
}

function quoteCharacter(codePoint: number): string {
  const short = SHORT_ESCAPES.get(codePoint)
  if (short !== undefined) return short
  if (codePoint === 0x20 || isPrintable(codePoint)) return String.fromCodePoint(codePoint)
  if (codePoint < 0x20 || codePoint === 0x7f) return hexEscape(codePoint)
  const long = codePoint > 0xffff
  return `${long ? '\\U' : '\\u'}${codePoint.toString(16).padStart(long ? 8 : 4, '0')}`
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

/**
 * The raw bytes, as latin1, of a name that {@link quoteName} or another program quoted. Octal escapes and literal
 * characters that needed an escape are understood too.
 *
 * @throws {DamagedError} a bare quote or line feed, or an unknown or incomplete escape
 */
export function unquoteName(quoted: string): string {
  if (!UNQUOTED.test(quoted)) return bytesOfText(quoted)
  let name = ''
  let literalFrom = 0
  for (let index = 0; index < quoted.length;) {
    const character = quoted[index]!
    if (character === '"' || character === '\n') throw misquoted(quoted)
    if (character !== '\\') {
      index++
      continue
    }
    name += bytesOfText(quoted.slice(literalFrom, index))
    const escape = readEscape(quoted, index + 1)
    name += escape.bytes
    index = escape.end
    literalFrom = index
  }
  return name + bytesOfText(quoted.slice(literalFrom))
}

const NUMERIC_ESCAPE = /x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})/y

function readEscape(quoted: string, index: number): { bytes: string; end: number } {
  const meaning = MEANINGS.get(quoted[index] ?? '')
  if (meaning !== undefined) return { bytes: meaning, end: index + 1 }
  NUMERIC_ESCAPE.lastIndex = index
  const match = NUMERIC_ESCAPE.exec(quoted)
  if (match === null) throw misquoted(quoted)
  const [whole, hex, short, long, octal] = match
  const end = index + whole.length
  const digits = short ?? long
  if (digits !== undefined) return { bytes: bytesOfCodePoint(Number.parseInt(digits, 16), quoted), end }
  const byte = hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16)
  if (byte > 0xff) throw misquoted(quoted)
  return { bytes: String.fromCharCode(byte), end }
}

function bytesOfCodePoint(codePoint: number, quoted: string): string {
  const surrogate = codePoint >= 0xd800 && codePoint < 0xe000
  if (surrogate || codePoint > 0x10_ffff) throw misquoted(quoted)
  return bytesOfText(String.fromCodePoint(codePoint))
}

function misquoted(quoted: string): DamagedError {
  return new DamagedError(`the file name ${JSON.stringify(quoted)} is not quoted as the format demands`)
}
