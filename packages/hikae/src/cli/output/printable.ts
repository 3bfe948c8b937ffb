const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' }

/** Control characters, and those that reorder or hide text: none of them may reach a terminal from a file's name. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const UNSAFE_OR_QUOTED = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Text from a repository, harmless on a terminal: itself, or quoted with escapes when it holds anything that is not
 * plainly visible. An absolute path that begins with a quote is therefore always an escaped one.
 */
export function printableText(text: string): string {
  if (!UNSAFE.test(text)) return text
  return `"${text.replace(UNSAFE_OR_QUOTED, escapeCharacter)}"`
}

/** As {@link printableText}, for paths and names as the engine has them: one character per byte. */
export function printablePath(path: string): string {
  const text = decodeUtf8(path)
  return text === undefined ? `"${escapeBytes(path)}"` : printableText(text)
}

/** A byte string as JSON output shows it: UTF-8, and U+FFFD for each byte that is not, as restic does. */
export function jsonPath(path: string): string {
  return decodeUtf8(path) ?? decodePieces(path, { valid: (text) => text, invalid: () => '\ufffd' })
}

/** JSON on one line, in which nothing but plain text is left unescaped: people look at it on terminals too. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value)
  return UNSAFE.test(text) ? text.replace(new RegExp(UNSAFE, 'gu'), escapeUtf16) : text
}

function escapeUtf16(character: string): string {
  return character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Our own messages may span lines and quote names: everything but line ends is escaped in place. */
export function printableMessage(message: string): string {
  return message
    .split('\n')
    .map((line) => line.replace(new RegExp(UNSAFE, 'gu'), escapeCharacter))
    .join('\n')
}

function decodeUtf8(path: string): string | undefined {
  try {
    return UTF8.decode(Buffer.from(path, 'latin1'))
  } catch {
    return undefined // Not UTF-8: a legal name all the same.
  }
}

/** Valid UTF-8 stays readable; every other byte becomes `\xhh`. */
function escapeBytes(path: string): string {
  return decodePieces(path, {
    valid: (text) => text.replace(UNSAFE_OR_QUOTED, escapeCharacter),
    invalid: (byte) => `\\x${byte.toString(16).padStart(2, '0')}`,
  })
}

interface PieceForms {
  readonly valid: (text: string) => string
  readonly invalid: (byte: number) => string
}

function decodePieces(path: string, { valid, invalid }: PieceForms): string {
  let result = ''
  for (let rest = Buffer.from(path, 'latin1'); rest.length > 0;) {
    const length = validLength(rest)
    result += valid(rest.toString('utf8', 0, length))
    if (length < rest.length) result += invalid(rest[length]!)
    rest = rest.subarray(length + 1)
  }
  return result
}

/** How many bytes from the beginning on are valid UTF-8. */
function validLength(bytes: Buffer): number {
  let end = 0
  while (end < bytes.length) {
    const size = sequenceSize(bytes[end]!)
    const sequence = bytes.subarray(end, end + size)
    if (size === 0 || sequence.length < size || !isValid(sequence)) return end
    end += size
  }
  return end
}

function sequenceSize(lead: number): number {
  if (lead < 0x80) return 1
  if (lead >= 0xc2 && lead < 0xe0) return 2
  if (lead >= 0xe0 && lead < 0xf0) return 3
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0
}

function isValid(sequence: Buffer): boolean {
  return decodeUtf8(sequence.toString('latin1')) !== undefined
}

function escapeCharacter(character: string): string {
  const known = ESCAPES[character]
  if (known !== undefined) return known
  const code = character.codePointAt(0)!
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
