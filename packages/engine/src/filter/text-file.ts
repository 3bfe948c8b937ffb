import { bytesOfText } from '../json/byte-string.ts'

/** A file that people write names or patterns in. */
export interface TextFile {
  /** For messages. */
  readonly name: string
  readonly content: Uint8Array
}

export interface TextLine {
  /** A byte string without its line end. */
  readonly text: string
  /** `file:line`, for messages. */
  readonly origin: string
}

/** Lines of a text file, as byte strings; files with a byte order mark, UTF-16 ones too, become UTF-8 without it. */
export function linesOf(file: TextFile): TextLine[] {
  const lines = decoded(file.content).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => ({
    text: line.endsWith('\r') ? line.slice(0, -1) : line,
    origin: `${file.name}:${index + 1}`,
  }))
}

/** Lines that say something: without the spaces around them, empty lines, and comments, which begin with `#`. */
export function meaningfulLinesOf(file: TextFile): TextLine[] {
  return linesOf(file)
    .map(({ text, origin }) => ({ text: trimmed(text), origin }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
}

function decoded(content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length)
  const start = bytes.toString('latin1', 0, 3)
  if (start === '\xef\xbb\xbf') return bytes.toString('latin1', 3)
  if (start.startsWith('\xff\xfe')) return bytesOfText(new TextDecoder('utf-16le').decode(bytes))
  if (start.startsWith('\xfe\xff')) return bytesOfText(new TextDecoder('utf-16be').decode(bytes))
  return bytes.toString('latin1')
}

/** Everything that Unicode calls a space, in UTF-8: the list is that of Go's `unicode.IsSpace`. */
const SPACE =
  '(?:[\\t-\\r ]|\\xc2[\\x85\\xa0]|\\xe1\\x9a\\x80|\\xe2\\x80[\\x80-\\x8a\\xa8\\xa9\\xaf]|\\xe2\\x81\\x9f|\\xe3\\x80\\x80)+'
const LEADING_SPACE = new RegExp(`^${SPACE}`)
const TRAILING_SPACE = new RegExp(`${SPACE}$`)

function trimmed(line: string): string {
  return line.replace(LEADING_SPACE, '').replace(TRAILING_SPACE, '')
}
