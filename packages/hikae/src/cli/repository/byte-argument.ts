/** A byte that is not UTF-8 is carried through the command line as a lone surrogate, which no valid text contains. */
const ESCAPE = 0xdc00

/**
 * Text of a command-line argument from its bytes; what is not UTF-8 survives for {@link argumentBytes}. Node itself
 * would replace it.
 */
export function argumentText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd')) return text
  let result = ''
  for (let rest = bytes; rest.length > 0;) {
    const character = String.fromCodePoint(rest.toString('utf8', 0, 4).codePointAt(0)!)
    const length = Buffer.byteLength(character)
    const isValid = rest.subarray(0, length).equals(Buffer.from(character))
    result += isValid ? character : String.fromCharCode(ESCAPE + rest[0]!)
    rest = rest.subarray(isValid ? length : 1)
  }
  return result
}

/** A path from the command line as the engine has paths: one character per byte. */
export function argumentBytes(argument: string): string {
  return argument
    .split(/([\udc80-\udcff])/u)
    .map((part, index) =>
      index % 2 === 1 ? String.fromCharCode(part.charCodeAt(0) - ESCAPE) : Buffer.from(part, 'utf8').toString('latin1'),
    )
    .join('')
}
